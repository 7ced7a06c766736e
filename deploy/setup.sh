#!/bin/sh
# Makes the secrets that compose.yaml needs, once: what is there already is left alone.
# The bot token (from @BotFather) is asked for, or read from standard input.
set -eu
umask 077
folder=$(dirname "$0")/secrets
mkdir -p "$folder"
cd "$folder"

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Readable by the containers' accounts; the folder itself keeps everybody else on this machine out.
keep() {
	if [ ! -s "$1" ]; then
		printf '%s' "$2" >"$1.new"
		chmod 444 "$1.new"
		mv "$1.new" "$1"
		echo "made deploy/secrets/$1"
	fi
}

keep database_password "$(random 24)"
# No TLS to the database: nothing but our own containers is on that network.
keep database_url "postgresql://phananh:$(cat database_password)@db:5432/phananh?sslmode=disable"
keep s3_access_key "$(random 10)"
keep s3_secret_key "$(random 24)"
keep s3_identities "{\"identities\": [{\"name\": \"phananh\", \
\"credentials\": [{\"accessKey\": \"$(cat s3_access_key)\", \"secretKey\": \"$(cat s3_secret_key)\"}], \
\"actions\": [\"Admin:phananh\", \"Read:phananh\", \"Write:phananh\", \"List:phananh\"]}]}"
keep telegram_webhook_secret "$(random 24)"
keep secret_key "$(random 32)"

if [ ! -s telegram_token ]; then
	[ ! -t 0 ] || { printf 'Bot token from @BotFather (not shown): '; stty -echo; trap 'stty echo; echo' EXIT; }
	IFS= read -r token || true
	case ${token:-} in
	[0-9]*:?*) keep telegram_token "$token" ;;
	*) echo "That is no bot token (digits, a colon, letters); run this again." >&2; exit 1 ;;
	esac
fi
