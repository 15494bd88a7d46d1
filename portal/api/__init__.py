"""What programs read, and where they take part: REST under ``/api/v1/``.

``resources`` says what there is, each a model with its record (``records``), its filters and who may see it; ``reading`` reads
a page of it by what changed (``archive.changes``); ``views`` answer, ``streams`` write CSV and NDJSON; ``actions`` are the verbs
of staff; ``asking`` says who asks, ``problems`` how it is refused, ``description`` what it all looks like to a program.
"""
