# Posh-ACME: renews what is due, and hands each new certificate on only if it does not stop mail.
# Not run: written from Posh-ACME's documentation, and tried on no Windows machine.
param(
    [string]$Installed = "$env:ProgramData\certready\installed.cer",
    [string]$Tenant = "$env:ProgramData\certready\tenant.json"
)
$ErrorActionPreference = 'Stop'

foreach ($certificate in Submit-Renewal -AllOrders) {
    if (Test-Path -Path $Installed) {
        & certready diff $Installed $certificate.FullChainFile --tenant $Tenant --role client
    }
    else {
        & certready check $certificate.FullChainFile --tenant $Tenant --role client
    }
    if ($LASTEXITCODE -ne 0) {
        Write-Error -Message "certready: $($certificate.Subject) is not installed (exit code $LASTEXITCODE)." -ErrorAction Continue
        continue
    }
    $certificate | Set-ExchangeCertificate  # of Posh-ACME.Deploy; set TlsCertificateName of the connectors afterwards
    Copy-Item -Path $certificate.FullChainFile -Destination $Installed
}
