"""Whole accounts on the fake cloud; the fixture's is composed once for all tests."""

from functools import cache

from fake_cloud import Cloud, deploy
from stack_files import account_settings

from account import compose
from outputs import AccountOutputs
from settings import AccountSettings


def composed(settings: AccountSettings) -> Cloud[AccountOutputs]:
    """The account of these settings."""
    return deploy(
        lambda: compose(settings), region=settings.region, account_id=settings.account_id, stack=settings.environment
    )


@cache
def account() -> Cloud[AccountOutputs]:
    """The account of the fixture."""
    return composed(account_settings())
