"""threadviz measures and shows, live, what concurrency does in Python.

The roles and the one-way arrows between them:

    subject, observer -> events <- timeline <- findings <- report, cli

The *subject* is the program being watched, the *observer* watches it from outside, and what both say
is one stream of `threadviz.events`. The *timeline* folds that stream into lanes, tasks and totals;
everything that draws or prints asks the timeline.
"""

__version__ = "0.1.0"
