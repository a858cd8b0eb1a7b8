"""AWS Backup: recovery points, and what they keep from being deleted."""

import json
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend, Vault
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from sandbox.aws.fixes.fix import replaces

urls.url_paths["{0}/backup-jobs/?$"] = urls.response.dispatch
urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$"] = urls.response.dispatch
urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/(?P<arn>.+)$"] = urls.response.dispatch


def _points(vault: Vault) -> dict[str, dict[str, Any]]:
    points: dict[str, dict[str, Any]] = vars(vault).setdefault("recovery_points", {})
    return points


def _vault(response: BackupResponse) -> Vault:
    """The vault that the request's path names."""
    return response.backup_backend.describe_backup_vault(unquote(response.path.split("/")[2]))


@replaces(BackupResponse, "start_backup_job")
def job_makes_a_recovery_point(stock: Any, self: BackupResponse) -> str:
    """moto runs no backup jobs, so that nothing is ever in a vault."""
    asked, job = json.loads(self.body), str(mock_random.uuid4())
    vault = self.backup_backend.describe_backup_vault(asked["BackupVaultName"])
    region, account = self.region, self.current_account
    arn = f"arn:aws:rds:{region}:{account}:snapshot:awsbackup:job-{job}"
    made = {"RecoveryPointArn": arn, "CreationDate": unix_time()}
    _points(vault)[arn] = {**made, "ResourceArn": asked["ResourceArn"], "Status": "COMPLETED"}
    return json.dumps({**made, "BackupJobId": job})


@replaces(BackupResponse, "list_recovery_points_by_backup_vault")
def vault_lists_what_it_holds(stock: Any, self: BackupResponse) -> str:
    """moto cannot say what a vault holds, nor that it holds nothing: the provider asks before it deletes one."""
    return json.dumps({"RecoveryPoints": list(_points(_vault(self)).values())})


@replaces(BackupResponse, "delete_recovery_point")
def lock_keeps_recovery_points(stock: Any, self: BackupResponse) -> str:
    """moto has no recovery points to delete; AWS Backup deletes none that a lock protects, for anybody.

    AWS Backup Developer Guide, "AWS Backup Vault Lock". The lock holds while it can still be changed, too.
    """
    vault, arn = _vault(self), unquote(self.path.split("/recovery-points/")[1])
    if arn not in _points(vault):
        raise ResourceNotFoundException(msg=f"Recovery point {arn} not found")
    if vault.locked:
        raise InvalidRequestException(msg="Recovery point cannot be deleted: its backup vault is locked")
    del _points(vault)[arn]
    return "{}"


@replaces(BackupBackend, "delete_backup_vault")
def vault_with_recovery_points_stays(stock: Any, self: BackupBackend, backup_vault_name: str) -> None:
    """moto deletes a vault with all that is in it; AWS Backup deletes empty ones (API, DeleteBackupVault)."""
    vault = self.vaults.get(backup_vault_name)
    if vault is not None and _points(vault):
        raise InvalidRequestException(msg="Backup vault cannot be deleted because it contains recovery points")
    stock(self, backup_vault_name)
