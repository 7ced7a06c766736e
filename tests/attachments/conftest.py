from tests.photos.conftest import lab as lab
from tests.photos.conftest import objects as objects
from tests.storage.conftest import s3_server as s3_server
