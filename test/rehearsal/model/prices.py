"""
The Price List, which moto does not have, and a spot market with prices that differ by zone and change; moto's has one for everything.
Both have the prices that a test gave them, and else a few of us-east-1 as they were on 2026-11-20.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.spot_instances import SpotInstances
from werkzeug.wrappers import Response

from .refusals import refusal

SERVED_FROM = {"us-east-1", "eu-central-1", "ap-south-1"}
LINUX = "Linux/UNIX"
# Little enough to have several pages of them.
PAGE = 20
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)
TYPES = {"t3.small": 0.0208, "t3.medium": 0.0416, "m6i.large": 0.096, "m6i.xlarge": 0.192, "t4g.small": 0.0168}

_LOCK = threading.Lock()
# By type and "gp3", "ipv4".
_LISTED: dict[str, float] = TYPES | {"gp3": 0.08, "ipv4": 0.005}
# By type and zone: what it changed to, and when, oldest first.
_MARKET: dict[tuple[str, str], list[tuple[datetime, float]]] = {}


def set_prices(asked: dict[str, Any]) -> None:
    """`listed`: by type, `gp3` or `ipv4`; `spot`: by type and zone, from now on."""
    now = datetime.now(tz=timezone.utc)
    # No finer than those who ask: what was set is before what they call now.
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    with _LOCK:
        _LISTED.update(asked.get("listed", {}))
        for kind, zones in asked.get("spot", {}).items():
            for zone, usd in zones.items():
                _MARKET.setdefault((kind, zone), []).append((now, usd))


def answered(service: str, action: str, environ: dict[str, Any], body: bytes) -> Response | None:
    if service != "pricing":
        return None
    region = re.search(r"/\d{8}/([a-z0-9-]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    if not region or region[1] not in SERVED_FROM:
        # There the name of the endpoint does not even resolve.
        return refusal(service, "UnknownEndpoint", f"the price list is not served from {region and region[1]}", 400)
    if action != "GetProducts":
        return refusal(service, "UnknownOperationException", action, 400)
    ask = json.loads(body)
    if ask.get("FormatVersion", "aws_v1") != "aws_v1" or not 1 <= ask.get("MaxResults", 100) <= 100:
        return refusal(service, "InvalidParameterException", "FormatVersion or MaxResults", 400)
    if any(one["Type"] != "TERM_MATCH" for one in ask.get("Filters", [])):
        return refusal(service, "InvalidParameterException", "the rehearsal knows TERM_MATCH alone", 400)
    wanted = {one["Field"]: one["Value"] for one in ask.get("Filters", [])}
    found = [p for p in _products(ask["ServiceCode"], wanted.get("regionCode", "us-east-1")) if _fits(p, wanted)]
    answer = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(p) for p in found]}
    return Response(json.dumps(answer), 200, {"content-type": "application/x-amz-json-1.1"})


def _fits(product: dict[str, Any], wanted: dict[str, str]) -> bool:
    about = product["product"]["attributes"] | {"productFamily": product["product"].get("productFamily")}
    return all(about.get(field) == value for field, value in wanted.items())


def _products(service: str, region: str) -> list[dict[str, Any]]:
    with _LOCK:
        listed = dict(_LISTED)
    if service == "AmazonVPC":
        idle = {"group": "VPCPublicIPv4Address", "usagetype": "PublicIPv4:IdleAddress"}
        return [
            _product(None, idle, region, "Hrs", 9.9),
            _product(None, idle | {"usagetype": "USE1-PublicIPv4:InUseAddress"}, region, "Hrs", listed["ipv4"]),
        ]
    found = [_product("Storage", {"volumeApiName": "gp3", "usagetype": "EBS:VolumeUsage.gp3"}, region, "GB-Mo", listed["gp3"])]
    for kind, usd in listed.items():
        if kind in ("gp3", "ipv4"):
            continue
        plain = {"instanceType": kind, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
        found += [
            _product("Compute Instance", plain | {"usagetype": f"BoxUsage:{kind}"}, region, "Hrs", usd),
            _product("Compute Instance", plain | {"operatingSystem": "Windows"}, region, "Hrs", usd * 2),
            _product("Compute Instance", plain | {"tenancy": "Dedicated"}, region, "Hrs", usd * 1.1),
            _product("Compute Instance", plain | {"capacitystatus": "AllocatedCapacityReservation"}, region, "Hrs", 0),
        ]
    return found


def _product(family: str | None, about: dict[str, str], region: str, unit: str, usd: float) -> dict[str, Any]:
    sku = "".join(c for c in "".join(about.values()).upper() if c.isalnum())[:16]
    rate = f"{sku}.JRTCKXETXF"
    return {
        "product": {
            **({"productFamily": family} if family else {}),
            "attributes": about | {"regionCode": region, "locationType": "AWS Region"},
            "sku": sku,
        },
        "serviceCode": "AmazonEC2",
        "terms": {
            "OnDemand": {
                rate: {
                    "sku": sku,
                    "offerTermCode": "JRTCKXETXF",
                    "effectiveDate": "2026-11-01T00:00:00Z",
                    "termAttributes": {},
                    "priceDimensions": {
                        f"{rate}.6YS6EN2CT7": {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": f"{usd:.10f}"}}
                    },
                }
            }
        },
        "publicationDate": "2026-11-01T00:00:00Z",
    }


def _history(response: SpotInstances) -> list[dict[str, Any]]:
    """All changes in the range, and of each price the last one before it: that one holds when the range begins."""
    kinds = response._get_param("InstanceTypes", [])
    begin, end = (_time(response._get_param(name)) for name in ("StartTime", "EndTime"))
    names = response._get_param("ProductDescriptions", [])
    if names and LINUX not in names:
        return []
    offerings = response.ec2_backend.describe_spot_price_history(kinds, response._filters_from_querystring())
    found = []
    for kind, zone in sorted({(one["InstanceType"], one["Location"]) for one in offerings}):
        # A third of on demand, a little different in each zone.
        usual = (LONG_AGO, round(TYPES[kind] * (0.3 + 0.01 * (ord(zone[-1]) - ord("a"))), 4)) if kind in TYPES else None
        with _LOCK:
            changes = [*([usual] if usual else []), *_MARKET.get((kind, zone), [])]
        before = [one for one in changes if begin is None or one[0] <= begin][-1:]
        within = [one for one in changes if begin is not None and begin < one[0] <= (end or one[0])]
        for at, usd in [*reversed(within), *before]:
            found.append({"InstanceType": kind, "AvailabilityZone": zone, "ProductDescription": LINUX, "SpotPrice": f"{usd:.6f}", "Timestamp": at})
    return found


def _time(given: Any) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given if given is None or given.tzinfo else given.replace(tzinfo=timezone.utc)
    return datetime.fromisoformat(str(given).replace("Z", "+00:00"))


def describe_spot_price_history(response: SpotInstances) -> ActionResult:
    token = response._get_param("NextToken") or "0"
    if not str(token).isdigit():
        raise EC2ClientError("InvalidPaginationToken", "The token is not one of ours.")
    found, at = _history(response), int(token)
    more = {"NextToken": str(at + PAGE)} if at + PAGE < len(found) else {}
    return ActionResult({"SpotPriceHistory": found[at : at + PAGE]} | more)


def install() -> None:
    SpotInstances.describe_spot_price_history = describe_spot_price_history  # type: ignore[method-assign]
