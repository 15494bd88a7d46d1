"""Large exports of the API: asked for, written by the worker part by part, given out, and removed after a day."""
