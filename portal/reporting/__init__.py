"""The reporting tables: views for tools that read databases, in a schema with its version in its name.

What a view shows is declared once, in Python (``portal.reporting.v1``): of that are made the SQL that a migration runs, the
comments in the database, the page for staff, and the frozen copy (``v1.json``) against which a test holds it.

A version is a promise: its columns keep their names, types and meanings, for others have built upon them. How a figure is
worked out may be mended, by a migration that makes the views anew (``replace_views``). A column that goes, or comes to mean
something else, needs another version beside this one; so does one that is added, since tools load ``SELECT *`` into tables
of their own.

Nothing in a view tells of a person: no names, addresses or texts of customers, none of staff, no content of documents, no
secrets. The views read with the rights of ``gridport_owner``, whose they are; whoever may read them
(``gridport_reporter``) may read nothing else.
"""
