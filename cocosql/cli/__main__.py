"""``python -m cocosql.cli``."""

import sys

from cocosql.cli import main

sys.exit(main())
