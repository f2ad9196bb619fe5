"""The demo signs as HubSpot does: vectors computed apart from our code, and the product's own verifier."""

from __future__ import annotations

import pytest

from sales_agent.demo.signature import sign_v3, signed_headers
from sales_agent.leads.hubspot_signature import InvalidSignature, SignedRequest, verify

SECRET = "test-client-secret-0123456789abcdef"
URI_A = "https://leads.example.com/webhooks/hubspot"
BODY_A = (
    b'[{"eventId":3816279340,"subscriptionId":25,"portalId":62515,"appId":1160452,"occurredAt":1764000000000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":1246965,"changeSource":"FORM","changeFlag":"NEW"}]'
)
BODY_B = '{"vid":4242,"properties":{"firstname":{"value":"Zoë"},"message":{"value":"50% off & more — 你好"}}}'.encode()


def test_vector_a() -> None:
    assert sign_v3(SECRET, "POST", URI_A, BODY_A, 1764000001000) == "wpXxArV1C+26NdReeI51B0LpDrZCTi83AsMNpmvjR40="


def test_vector_b_signs_the_unescaped_query() -> None:
    uri = f"{URI_A}?src=hs%3Aform%2Fcontact&q=a%20b%26c"
    assert sign_v3(SECRET, "POST", uri, BODY_B, 1764000002500) == "CHMlvWFizLLRrY1436/TzwBTJapSfqiiUir2nPN77XI="


def test_hubspots_published_example() -> None:
    signature = sign_v3("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "POST", "https://www.example.com/webhook_uri",
                        b"{'example_field':'example_value'}", 1693657560000)
    assert signature == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def _request(headers: dict[str, str], body: bytes) -> SignedRequest:
    return SignedRequest(b"POST", URI_A.encode(), {k.lower().encode(): v.encode() for k, v in headers.items()}, body)


def test_the_products_verifier_accepts_it_and_nothing_else() -> None:
    headers = signed_headers(SECRET, "POST", URI_A, BODY_B, 1764000002500)
    verify(_request(headers, BODY_B), [SECRET], ("v3",), 1764000002600)
    with pytest.raises(InvalidSignature):
        verify(_request(headers, BODY_B + b" "), [SECRET], ("v3",), 1764000002600)
