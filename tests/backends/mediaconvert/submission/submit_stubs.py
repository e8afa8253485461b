"""Services of a few lines for what no local server offers: IAM, and answers that a real one rarely gives."""

from __future__ import annotations

import dataclasses

from backends.mediaconvert.submission.errors import ServiceError

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "mediaconvert.amazonaws.com"},
                        "Action": "sts:AssumeRole"}]}  # fmt: skip


class StubService:
    """Answers by operation: a mapping as it is, an error by raising it, a function by calling it."""

    def __init__(self, inner=None, **answers):
        self.inner, self.answers, self.calls = inner, answers, []

    def ask(self, operation, /, **parameters):
        self.calls.append(operation)
        if operation not in self.answers and self.inner is not None:
            return self.inner.ask(operation, **parameters)
        answer = self.answers[operation]
        answer = answer(**parameters) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def iam(trust=TRUST, decision="allowed", **answers):
    """A role that may be taken on, and whose permissions all come out as `decision`."""

    def simulate(**asked):
        action = asked["ActionNames"][0]
        rows = [{"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": decision}
                for arn in asked["ResourceArns"]]  # fmt: skip
        return {"EvaluationResults": rows}

    role = {"Role": {"AssumeRolePolicyDocument": trust}}
    return StubService(**({"GetRole": role, "SimulatePrincipalPolicy": simulate} | answers))


def refusal(operation, status, code="AccessDenied"):
    return ServiceError(operation, status=status, code=code, text="on purpose")


def with_services(session, **services):
    """Put services in the place of the session's own."""
    object.__setattr__(session, "services", dataclasses.replace(session.services, **services))
    return session
