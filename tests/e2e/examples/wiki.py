"""A visitor of MediaWiki: logs in, writes pages, reads them."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.parse
import urllib.request
from typing import Any

PASSWORD = "only-for-this-example"


class Wiki:
    """One browser at one address; its session is kept in a cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def log_in(self) -> str:
        """The name the wiki knows us by from now on."""
        tokens = self._api(action="query", meta="tokens", type="login")["query"]["tokens"]
        form = {"lgname": "Admin", "lgpassword": PASSWORD, "lgtoken": tokens["logintoken"]}
        return self._api(form, action="login")["login"]["lgusername"]

    def name(self) -> str:
        return self._api(action="query", meta="userinfo")["query"]["userinfo"]["name"]

    def write(self, title: str, text: str) -> None:
        tokens = self._api(action="query", meta="tokens")["query"]["tokens"]
        form = {"title": title, "text": text, "token": tokens["csrftoken"]}
        answer = self._api(form, action="edit")
        assert answer["edit"]["result"] == "Success", answer

    def read(self, title: str) -> str:
        return self._get("index.php", {"title": title, "action": "raw"}).decode()

    def _api(self, form: dict[str, str] | None = None, **query: str) -> Any:
        return json.loads(self._get("api.php", {**query, "format": "json"}, form))

    def _get(self, page: str, query: dict[str, str], form: dict[str, str] | None = None) -> bytes:
        body = urllib.parse.urlencode(form).encode() if form else None
        address = f"{self.url}/{page}?{urllib.parse.urlencode(query)}"
        with self._opener.open(address, body, timeout=60) as answer:
            return answer.read()
