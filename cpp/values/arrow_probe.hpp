#pragma once

#include <nanobind/nanobind.h>

namespace cocosql {

void BindArrowProbe(nanobind::module_ &module);

} // namespace cocosql
