"""An error in the shape that the service's protocol has. https://smithy.io/2.0/aws/protocols/index.html"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

REQUEST_ID = "00000000-0000-0000-0000-000000000000"
JSON_1_0 = {"dynamodb", "states"}
QUERY = {"sts", "iam", "sns", "cloudformation", "monitoring", "autoscaling", "sqs"}


def refusal(service: str, code: str, message: str, status: int) -> Response:
    if service == "ec2":
        text = f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        return Response(f"{text}<RequestID>{REQUEST_ID}</RequestID></Response>", status, mimetype="text/xml")
    if service == "s3":
        text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
        return Response(text, status, mimetype="application/xml")
    if service in QUERY:
        kind = "Sender" if status < 500 else "Receiver"
        text = f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return Response(f"{text}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>", status, mimetype="text/xml")
    version = "1.0" if service in JSON_1_0 else "1.1"
    body = json.dumps({"__type": code, "message": message, "Message": message})
    return Response(body, status, {"x-amzn-errortype": code, "content-type": f"application/x-amz-json-{version}"})
