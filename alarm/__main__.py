"""``python -m alarm``."""

from alarm.run import main

raise SystemExit(main())
