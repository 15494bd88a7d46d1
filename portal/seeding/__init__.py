"""An invented archive of any size, to measure on and to try things out: ``manage.py seed_archive``."""
