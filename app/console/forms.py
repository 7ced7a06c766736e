"""What a page's form sent: see ``app.forms``."""

from app.forms import File as File
from app.forms import Form as Form
from app.forms import Malformed as Malformed
from app.forms import read_form as read_form
