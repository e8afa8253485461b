"""The settings in examples/delivery: each is one that its service takes, and does what the documentation says of it."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from backends.mediaconvert.submission.events import DETAIL_TYPE, EVENT_STATES, SOURCE

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "delivery"
FILES = {
    "distribution": ("cloudfront", "CreateDistribution", "DistributionConfig"),
    "cors": ("s3", "PutBucketCors", "CORSConfiguration"),
    "lifecycle": ("s3", "PutBucketLifecycleConfiguration", "LifecycleConfiguration"),
}


def setting(name):
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    for word, stands_for in {"BUCKET": "stories", "ACCOUNT": "111122223333", "SITE": "example.com"}.items():
        text = text.replace(word, stands_for)
    return json.loads(text)


def wrong_choices(shape, value, path=""):
    """Strings that the service's model does not list; its validator leaves them to the server."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from wrong_choices(shape.members[name], item, f"{path}/{name}")
    elif shape.type_name == "list":
        for item in value:
            yield from wrong_choices(shape.member, item, path)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value}"


@pytest.mark.parametrize("name", FILES)
def test_the_services_model_accepts_it(name):
    service, operation, member = FILES[name]
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape.members[member]
    report = ParamValidator().validate(setting(name), shape)
    assert not report.has_errors(), report.generate_report()
    assert list(wrong_choices(shape, setting(name))) == []


def test_the_distribution_is_what_phones_need():
    behaviour = setting("distribution")["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["AllowedMethods"]["Items"] == ["GET", "HEAD", "OPTIONS"]
    assert behaviour["Compress"] is False
    assert "ForwardedValues" not in behaviour


def test_a_bucket_takes_the_settings_and_answers_ranges(s3_client, s3_url, bucket):
    import urllib.error
    import urllib.request

    s3_client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(setting("bucket-policy")))
    s3_client.put_bucket_cors(Bucket=bucket, CORSConfiguration=setting("cors"))
    s3_client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=setting("lifecycle"))
    s3_client.put_object(Bucket=bucket, Key="videos/a.mp4", Body=bytes(1000), ContentType="video/mp4")
    url = s3_client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "videos/a.mp4"})
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Range": "bytes=100-199"})) as part:
        found = part.status, part.headers["Content-Range"], part.headers["Content-Type"], len(part.read())
    assert found == (206, "bytes 100-199/1000", "video/mp4", 100)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, headers={"Range": "bytes=5000-"}))
    refused.value.close()
    assert refused.value.code == 416
    assert s3_url in url


def test_the_rule_passes_on_what_changes_a_job_and_nothing_of_others():
    rule = setting("event-rule")
    assert (rule["source"], rule["detail-type"]) == ([SOURCE], [DETAIL_TYPE])
    passed_on = set(rule["detail"]["status"])
    assert passed_on <= set(EVENT_STATES)
    assert {"COMPLETE", "ERROR", "CANCELED"} <= passed_on
    assert set(EVENT_STATES) - passed_on == {"SUBMITTED", "INPUT_INFORMATION", "STATUS_UPDATE"}


def test_the_policy_refuses_plain_http_and_lets_one_distribution_read_results_only():
    deny, allow = setting("bucket-policy")["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allow["Resource"] == "arn:aws:s3:::stories/videos/*"
    assert "111122223333" in allow["Condition"]["StringEquals"]["AWS:SourceArn"]
