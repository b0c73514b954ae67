"""``python -m verifier``."""

from verifier.run import main

raise SystemExit(main())
