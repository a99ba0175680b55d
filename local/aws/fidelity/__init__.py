"""Where ministack 1.5.33 is put right, and by whom each part of the local AWS is emulated.

What AWS does is stated with its source in each module. What these modules make of it are OUR
semantics: a test that passes here shows that the template and the handlers agree with them, not
with AWS. "Recorded" means that public recordings of the real service were at hand.

| part                                                              | emulated by                  |
|-------------------------------------------------------------------|------------------------------|
| CloudFormation, S3, IAM, STS, DynamoDB, Secrets Manager, Logs,    | ministack                    |
|   EventBridge and its schedule, SNS, SQS, CloudWatch, KMS,        |                              |
|   API Gateway's control plane                                     |                              |
| RequestValidator, Method.RequestValidatorId, ApiKeySourceType,    | templates                    |
|   Stage.AccessLogSetting and StageDescription in a template       |                              |
| header names as sent, repeated headers, raw path, peer address    | wire                         |
| the order of a request's checks, 413, unknown routes              | pipeline                     |
| Lambda authorizers and their cache, usageIdentifierKey            | authorizer                   |
| API keys, throttling, quotas                                      | ministack, called by pipeline|
| request validators, choice of the model by content type           | validation, JSON Schema by   |
|                                                                   |   ministack                  |
| the event that a function receives                                | proxy_event                  |
| what a function may answer, remapped headers, binary, time-out    | proxy_integration,           |
|                                                                   |   proxy_response             |
| gateway responses and their variables                             | gateway_responses            |
| the stage's access log                                            | access_log                   |
| Lambda's processes, role sessions, log groups, START/END/REPORT   | ministack                    |
| console lines as the Node.js runtime writes them, environments    | lambda_workers               |
|   that survive a thrown error, no wait for log lines              |                              |
| CORS preflight (MOCK integrations)                                | mock_integration             |

Not emulated: resource policies of functions, WAF, caching of responses, execution logs, response
streaming, mutual TLS, custom domains' TLS, CloudFront's headers, real IAM timing, log filter
patterns, Logs Insights, metrics out of log lines, alarms, dead-letter queues of rules, an event's
own time, RotateSecret (ministack answers it without calling the function).
"""

from __future__ import annotations

from fidelity import lambda_workers, pipeline, templates


def apply() -> None:
    """Install every fix into the imported emulator."""
    templates.install()
    pipeline.install()
    lambda_workers.install()
