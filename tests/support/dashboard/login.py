"""Logs a Flask client in."""

import re

from flask.testing import FlaskClient

from tests.support.dashboard.users import PASSWORD, USER_NAME


def log_in(client: FlaskClient, name: str = USER_NAME, password: str = PASSWORD, onward: str = ""):
    page = client.get("/manage/login", base_url="https://localhost").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"name": name, "password": password, "csrf_token": token[1], "next": onward}
    headers = {"Referer": "https://localhost/manage/login"}
    return client.post("/manage/login", data=form, base_url="https://localhost", headers=headers)
