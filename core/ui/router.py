"""The script behind every page: the frame first, then the page itself.

It lies here and not beside `pages/`: a script with that folder next to it would let a fresh server run a page file
on its own, without the frame, for the first visitor of a deep link.
"""

from core.serving import warmup
from core.ui import frame, session, status

session.register()
session.note_login()
page = frame.draw()
status.wait_for_imports()
with warmup.page_being_drawn():
    page.run()
