"""HubSpot's signatures: published and independently computed vectors, and everything that must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_agent.leads.hubspot_signature import InvalidSignature, SignedRequest, decoded, v1, v2, v3, verify

SECRET = "test-client-secret-0123456789abcdef"
BODY_A = (b'[{"eventId":3816279340,"subscriptionId":25,"portalId":62515,"appId":1160452,"occurredAt":1764000000000,'
          b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":1246965,"changeSource":"FORM","changeFlag":"NEW"}]')
URI_A, TIME_A = b"https://leads.example.com/webhooks/hubspot", b"1764000001000"
BODY_B = '{"vid":4242,"properties":{"firstname":{"value":"Zoë"},"message":{"value":"50% off & more — 你好"}}}'.encode()
URI_B = b"https://leads.example.com/webhooks/hubspot?src=hs%3Aform%2Fcontact&q=a%20b%26c"
TIME_B = b"1764000002500"
A = {"v1": b"7662ef4eb595c00cb9a2b6602b6e614540e26bc4c840e731836f93bd0f1c4ac3",
     "v2": b"bf11cca1ebd3c3c81dea69a87ddf3d61ddb0637fa9eb41ac3cd9824e87b6ed32",
     "v3": b"wpXxArV1C+26NdReeI51B0LpDrZCTi83AsMNpmvjR40="}
B = {"v1": b"e91e220ee2a996e2cb241b183d7623264e41ce1d61a957de111bb7287ebb95e8",
     "v2": b"027ac08177f8dca9c2d8e87490f094dab243ad827a79a0fd969aa865c4f540b7",
     "v3": b"CHMlvWFizLLRrY1436/TzwBTJapSfqiiUir2nPN77XI="}
UNDECODED_B = b"0iwRtf6Fc6W4pYr8aEJu2GBZGuV39o/EtekqUrenKSc="


@pytest.mark.parametrize(("body", "uri", "time", "expected"), [(BODY_A, URI_A, TIME_A, A), (BODY_B, URI_B, TIME_B, B)])
def test_vectors(body: bytes, uri: bytes, time: bytes, expected: dict[str, bytes]) -> None:
    secret = SECRET.encode()
    assert v1(secret, body) == expected["v1"]
    assert v2(secret, b"POST", uri, body) == expected["v2"]
    assert v3(secret, b"POST", uri, body, time) == expected["v3"]


def test_vectors_published_by_hubspot() -> None:
    secret, uri = b"yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", b"https://www.example.com/webhook_uri"
    assert v2(secret, b"GET", uri, b"") == b"eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    assert v2(secret, b"POST", uri, b'{"example_field":"example_value"}') == (
        b"9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900")
    assert v3(secret, b"POST", uri, b"{'example_field':'example_value'}", b"1693657560000") == (
        b"K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=")


def request(**changes: bytes) -> SignedRequest:
    headers = {b"x-hubspot-signature-v3": A["v3"], b"x-hubspot-request-timestamp": TIME_A}
    parts = {"method": b"POST", "uri": URI_A, "body": BODY_A, **{k: v for k, v in changes.items() if k in ("method", "uri", "body")}}
    headers |= {name.replace("_", "-").encode(): value for name, value in changes.items() if name.startswith("x_")}
    return SignedRequest(headers=headers, **parts)


def check(signed: SignedRequest, *, now_ms: int = int(TIME_A), secrets: tuple[str, ...] = (SECRET,),
          accepted: tuple[str, ...] = ("v3", "v1")) -> None:
    verify(signed, secrets, accepted, now_ms)  # type: ignore[arg-type]


def test_accepts_a_right_signature_with_either_secret_while_rotating() -> None:
    check(request())
    check(request(), secrets=("the-next-secret-of-ours", SECRET))


def test_undecoded_query_is_refused() -> None:
    signed = request(uri=URI_B, body=BODY_B, x_hubspot_signature_v3=UNDECODED_B, x_hubspot_request_timestamp=TIME_B)
    with pytest.raises(InvalidSignature):
        check(signed, now_ms=int(TIME_B))


@pytest.mark.parametrize("change", [
    {"method": b"PUT"}, {"uri": b"http://leads.example.com/webhooks/hubspot"}, {"uri": URI_A + b"/"},
    {"uri": b"https://evil.example.com/webhooks/hubspot"}, {"body": BODY_A + b" "},
    {"x_hubspot_signature_v3": A["v3"].rstrip(b"=")}, {"x_hubspot_signature_v3": b" " + A["v3"]},
    {"x_hubspot_signature_v3": A["v3"].replace(b"+", b"-")}, {"x_hubspot_signature_v3": "wpXxÄ".encode("latin-1")},
    {"x_hubspot_request_timestamp": b""}, {"x_hubspot_request_timestamp": b"1764000001000\n"},
    {"x_hubspot_request_timestamp": b"NaN"}, {"x_hubspot_request_timestamp": b"1764000001001"},
])
def test_any_change_is_refused(change: dict[str, bytes]) -> None:
    with pytest.raises(InvalidSignature):
        check(request(**change))


@pytest.mark.parametrize("skew", [-301_000, 301_000, 600_000, 86_400_000])
def test_stale_and_future_times_are_refused(skew: int) -> None:
    with pytest.raises(InvalidSignature):
        check(request(), now_ms=int(TIME_A) + skew)


def test_a_wrong_v3_is_not_saved_by_a_right_v1() -> None:
    signed = request(x_hubspot_signature_v3=B["v3"], x_hubspot_signature=A["v1"], x_hubspot_signature_version=b"v1")
    with pytest.raises(InvalidSignature):
        check(signed)


def test_older_versions_count_only_where_they_are_accepted() -> None:
    headers = {b"x-hubspot-signature": A["v1"], b"x-hubspot-signature-version": b"v1"}
    old = SignedRequest(b"POST", URI_A, headers, BODY_A)
    check(old)
    with pytest.raises(InvalidSignature):
        check(old, accepted=("v3", "v2"))
    with pytest.raises(InvalidSignature):
        check(SignedRequest(b"POST", URI_A, {}, BODY_A))


@given(position=st.integers(0, len(BODY_A) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed(position: int, bit: int) -> None:
    body = bytearray(BODY_A)
    body[position] ^= 1 << bit
    with pytest.raises(InvalidSignature):
        check(request(body=bytes(body)))


def test_only_the_twelve_escapes_are_decoded() -> None:
    assert decoded(b"%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%20%26%3D%25") == b":/?@!$'()*,;%20%26%3D%25"
