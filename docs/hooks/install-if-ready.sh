#!/bin/sh
# Installs a renewed certificate where the mail gateway reads it, if Exchange Online will go on accepting it.
#
#   certbot   certbot renew --deploy-hook /etc/certready/install-if-ready.sh
#   acme.sh   acme.sh --install-cert -d NAME --reloadcmd /etc/certready/install-if-ready.sh      (and no --fullchain-file)
#   lego 4    lego ... renew --renew-hook /etc/certready/install-if-ready.sh
#   lego 5    lego run ... --deploy-hook /etc/certready/install-if-ready.sh
#   others    install-if-ready.sh FULLCHAIN KEY
#
# The gateway reads $DIRECTORY/fullchain.pem and $DIRECTORY/privkey.pem and nothing else; this script alone writes there.
# Settings, in /etc/certready/hook.conf (or the file that CERTREADY_HOOK_CONF names), as shell variables:
#   DIRECTORY   where the gateway reads; made where it is missing
#   OPTIONS     of certready, such as: --tenant /etc/certready/tenant.json --role client
#   RELOAD      the command that makes the gateway read anew, such as: systemctl reload postfix
#
# Exit code: 0 installed; otherwise certready's, and the gateway keeps what it has: 1 it would stop mail, 2 certready
# could not run, 3 it cannot tell. To install by hand all the same: copy the two files and reload.
set -efu

conf=${CERTREADY_HOOK_CONF:-/etc/certready/hook.conf}
DIRECTORY=/etc/postfix/tls OPTIONS="--tenant /etc/certready/tenant.json --role client" RELOAD=
# shellcheck source=/dev/null
[ ! -f "$conf" ] || . "$conf"

if [ "$#" -eq 2 ]; then
    fullchain=$1 key=$2
elif [ -n "${RENEWED_LINEAGE:-}" ]; then # certbot
    fullchain=$RENEWED_LINEAGE/fullchain.pem key=$RENEWED_LINEAGE/privkey.pem
elif [ -n "${CERT_FULLCHAIN_PATH:-}" ]; then # acme.sh
    fullchain=$CERT_FULLCHAIN_PATH key=$CERT_KEY_PATH
elif [ -n "${LEGO_HOOK_CERT_PATH:-}" ]; then # lego 5
    fullchain=$LEGO_HOOK_CERT_PATH key=$LEGO_HOOK_CERT_KEY_PATH
elif [ -n "${LEGO_CERT_PATH:-}" ]; then # lego 4
    fullchain=$LEGO_CERT_PATH key=$LEGO_CERT_KEY_PATH
else
    echo "install-if-ready.sh: give FULLCHAIN and KEY, or run it as a hook of certbot, acme.sh or lego." >&2
    exit 2
fi

# OPTIONS is several words, split at blanks; set -f keeps *.contoso.com as it stands.
# shellcheck disable=SC2086
if [ -f "$DIRECTORY/fullchain.pem" ]; then
    certready diff "$DIRECTORY/fullchain.pem" "$fullchain" $OPTIONS && code=0 || code=$?
else
    certready check "$fullchain" "$key" $OPTIONS && code=0 || code=$?
fi
if [ "$code" -ne 0 ]; then
    echo "install-if-ready.sh: $fullchain is not installed; the gateway keeps what it has." >&2
    exit "$code"
fi

umask 077
mkdir -p "$DIRECTORY"
cp "$key" "$DIRECTORY/privkey.pem.new"
cp "$fullchain" "$DIRECTORY/fullchain.pem.new"
chmod 644 "$DIRECTORY/fullchain.pem.new"
mv "$DIRECTORY/privkey.pem.new" "$DIRECTORY/privkey.pem"
mv "$DIRECTORY/fullchain.pem.new" "$DIRECTORY/fullchain.pem"
[ -z "$RELOAD" ] || sh -c "$RELOAD"
