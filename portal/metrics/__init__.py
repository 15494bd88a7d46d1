"""Figures for Prometheus, the alerts that go with them, and the deep health check: all behind one token (``METRICS_TOKEN``).

Each figure is a few looks by index, whatever the archive holds; where rows are counted, the count ends at a limit that its help
text names. Partners, stores and mailboxes are told by their numbers, and nothing tells of a person.
"""
