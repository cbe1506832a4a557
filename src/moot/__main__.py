"""`python -m moot` is the same as `moot`."""

from moot.cli import main

raise SystemExit(main())
