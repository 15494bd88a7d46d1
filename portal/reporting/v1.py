"""The first version of the reporting tables: schema ``reporting_v1``."""

from __future__ import annotations

from portal.reporting import exchanged, kept, settled, traded
from portal.reporting.declaring import Version

V1 = Version("reporting_v1", (*exchanged.VIEWS, *traded.VIEWS, *settled.VIEWS, *kept.VIEWS))
