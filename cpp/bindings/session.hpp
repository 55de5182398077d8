//! A session as Python sees it: what it does itself, and what other folders do with it.
#pragma once

#include <nanobind/nanobind.h>

namespace cocosql {

void BindSession(nanobind::module_ &module);

} // namespace cocosql
