"""Lets requests in by Parcelpost's scoped tokens, for platforms in Python. Needs PyJWT 2.4 or later, with cryptography.

    keys = public_keys(json.load(urllib.request.urlopen("https://parcelpost.example.org/.well-known/jwks.json")))
    claims = authorize(token, request.method, request.raw_target, keys)   # raises Refused
    user, token_id = claims["sub"], claims["jti"]

What is judged is the target as it stands on the request line: not a path that a framework has decoded or tidied.
"""
import re
import time
import unicodedata
import urllib.parse

import jwt


CLOCKS_DIFFER_SECONDS = 60


class Refused(Exception):
    """A request is not let in. `status` is that of the answer, `problem` says why."""

    def __init__(self, status, problem):
        super().__init__(problem)
        self.status = status
        self.problem = problem


def public_keys(jwks):
    """Keys by their names, each with the one algorithm that it is for."""
    return {jwk["kid"]: (jwt.PyJWK(jwk, jwk["alg"]).key, jwk["alg"]) for jwk in jwks["keys"]}


def segments(path):
    """The segments of a canonical path. What two readers could read differently is refused, never repaired."""
    if not path.startswith("/"):
        raise Refused(400, "path-malformed")
    if path == "/":
        return []
    parts = path[1:-1].split("/") if path.endswith("/") else path[1:].split("/")
    for part in parts:
        try:
            plain = urllib.parse.unquote(part, errors="strict")
        except UnicodeDecodeError:
            raise Refused(400, "path-malformed") from None
        tidied = unicodedata.normalize("NFKC", plain)
        if (
            tidied in ("", ".", "..")
            or re.search(r"[/\\%]", tidied)
            or re.search(r"[\x00-\x1f\x7f-\x9f]", plain + tidied)
            or urllib.parse.quote(plain, safe="!'()*") != part
        ):
            raise Refused(400, "path-malformed")
    return parts


def opens(granted, asked):
    """Whether a path of a token opens what is asked for: itself, and what is below it."""
    try:
        begin = segments(granted)
    except Refused:
        return False
    return len(begin) > 0 and asked[: len(begin)] == begin


def authorize(token, method, target, keys, is_active=None):
    """What a token says, if it opens `method target`; else Refused.

    keys: name -> (key, algorithm), as public_keys makes them; a secret is (secret, "HS256")
    is_active: asked with the token's id, if given; see GET /api/v1/tokens/<jti>
    """
    asked = segments(target.split("?", 1)[0])
    if not token:
        raise Refused(401, "token-missing")
    if not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", token, re.ASCII):
        raise Refused(401, "token-malformed")
    try:
        header = jwt.get_unverified_header(token)
        # A token that brings its own key, or names one elsewhere, is none of Parcelpost's.
        if set(header) - {"alg", "typ", "kid"} or str(header.get("typ", "JWT")).upper() != "JWT":
            raise Refused(401, "token-malformed")
        if header.get("kid") not in keys:
            raise Refused(401, "token-key-unknown")
        key, algorithm = keys[header["kid"]]
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],  # of the key, never of the header
            audience="export-service",
            issuer="parcelpost",
            options={"require": ["exp", "sub", "jti", "aud", "iss"], "verify_iat": False, "verify_nbf": False},
        )
    except jwt.ExpiredSignatureError:
        raise Refused(401, "token-expired") from None
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError, AttributeError):
        raise Refused(401, "token-malformed") from None
    endpoints = claims.get("endpoints")
    texts = all(isinstance(claims[name], str) and claims[name] for name in ("sub", "jti", "aud", "iss"))
    times = all(type(claims.get(name, 0)) in (int, float) for name in ("exp", "iat", "nbf"))
    if not texts or not times or not isinstance(endpoints, dict):
        raise Refused(401, "token-malformed")
    if max(claims.get("iat", 0), claims.get("nbf", 0)) > time.time() + CLOCKS_DIFFER_SECONDS:
        raise Refused(401, "token-not-yet-valid")
    paths = endpoints.get(method)
    if paths is None:
        raise Refused(403, "method-not-permitted")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise Refused(401, "token-malformed")
    if not any(opens(path, asked) for path in paths):
        raise Refused(403, "path-not-permitted")
    if is_active is not None and not is_active(claims["jti"]):
        raise Refused(401, "token-revoked")
    return claims
