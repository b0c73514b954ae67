"""``python -m docs.generate``: write everything that is generated into ``docs/_generated/``."""

from __future__ import annotations

import sys

from docs.generate.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
