"""Tokens for APIs of Microsoft: given in a variable, or from Azure's default credential chain."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.errors import ConfigError
from transforms.readers.http import token_header


def bearer(environment: Mapping[str, str], variable: str, scope: str, api: str) -> dict[str, str]:
    """Headers with the token of the variable, or with the chain's for the scope.

    Raises ConfigError that names the API where neither gives one. The chain's token is for the worldwide cloud; a
    national cloud's must be in the variable.
    """
    if environment.get(variable, "").strip():
        return token_header(variable, "Bearer {}")(environment)
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DefaultAzureCredential

    try:
        with DefaultAzureCredential() as credential:
            token = credential.get_token(scope).token
    except ClientAuthenticationError:  # its text may hold what the chain tried
        raise ConfigError(f"no token for {api}; set {variable}, or mend Azure's credential chain") from None
    return token_header(variable, "Bearer {}")({variable: token})
