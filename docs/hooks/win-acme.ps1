# win-acme: --installation script --script win-acme.ps1 --scriptparameters "'{CacheFile}' '{CachePassword}' '{OldCertThumbprint}'"
# Not run: written from win-acme's documentation and source, and tried on no Windows machine.
#
# Ends with an error, and so makes win-acme report the installation step as failed, when the new certificate would stop
# mail. Put it before the step that binds the certificate to Exchange.
param(
    [Parameter(Mandatory)][string]$NewPfx,
    [string]$Password,
    [string]$OldThumbprint,
    [string]$Tenant = "$env:ProgramData\certready\tenant.json"
)
$ErrorActionPreference = 'Stop'

$env:CERTREADY_HOOK_PASSWORD = $Password
try {
    $old = if ($OldThumbprint) { Get-Item -Path "Cert:\LocalMachine\My\$OldThumbprint" -ErrorAction SilentlyContinue }
    if ($old) {
        $oldFile = Join-Path -Path $env:TEMP -ChildPath "$OldThumbprint.cer"
        Export-Certificate -Cert $old -FilePath $oldFile | Out-Null
        & certready diff $oldFile $NewPfx --tenant $Tenant --role client --password-env CERTREADY_HOOK_PASSWORD
    }
    else {
        & certready check $NewPfx --tenant $Tenant --role client --password-env CERTREADY_HOOK_PASSWORD
    }
    if ($LASTEXITCODE -ne 0) {
        throw "certready: the new certificate is not to be installed (exit code $LASTEXITCODE)."
    }
}
finally {
    Remove-Item -Path Env:\CERTREADY_HOOK_PASSWORD -ErrorAction SilentlyContinue
}
