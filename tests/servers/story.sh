#!/usr/bin/env bash
# One story against a real object store: push, a changed version, pull, an old revision, eight pushes at once, verify, a
# collection with a policy, wrong credentials. Ends with "all is as it should be", or at the first step that is not.
#
#   AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… tests/servers/story.sh ESKER BUCKET ENDPOINT [REGION]
#
# The bucket must exist; a prefix of its own is written in it and left there. SSL_CERT_FILE names the certificate of an
# authority of one's own.
set -euo pipefail
esker=$(realpath "$1")
url=s3://$2/story-$(date +%s)-$$
endpoint=$3
export AWS_REGION=${4:-default}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work
git config --global user.name story
git config --global user.email story@example.org
git config --global init.defaultBranch main

step() { echo "== $*"; }
same() { diff -r "$1" "$2"; }

step push
mkdir "$work/a"
cd "$work/a"
git init -q
"$esker" init -q
"$esker" remote add origin "$url" --endpoint "$endpoint" --region "$AWS_REGION"
"$esker" remote check
mkdir data
for i in $(seq 300); do head -c $((i * 97)) /dev/urandom >"data/f$i"; done
head -c 50000000 /dev/urandom >data/big
seq 3000000 >table.csv
"$esker" add -q data table.csv
git add -A
git commit -qm v1
"$esker" push
cp -r data "$work/v1"

step "a changed version"
head -c 1000000 /dev/urandom >>data/big
rm data/f1
"$esker" add -q data
git commit -qam v2
"$esker" push

step "pull, and an old revision"
git clone -q "$work/a" "$work/b"
cd "$work/b"
"$esker" pull
same data ../a/data
cmp table.csv ../a/table.csv
git checkout -q HEAD~1
"$esker" checkout -q
same data "$work/v1"

step "eight pushes at once"
for i in $(seq 8); do
    (
        git clone -q "$work/a" "$work/c$i"
        cd "$work/c$i"
        git checkout -q -b "w$i"
        mkdir "d$i"
        for k in $(seq 20); do head -c 100000 /dev/urandom >"d$i/$k"; done
        "$esker" add -q "d$i"
        git add -A
        git commit -qm "w$i"
        "$esker" push -q
        touch "$work/pushed$i"
    ) &
done
wait
ls "$work"/pushed{1..8} >/dev/null
cd "$work/a"
for i in $(seq 8); do git fetch -q "../c$i" "w$i:w$i"; done
"$esker" verify --remote --read-data

step "a collection that forgets six of them"
for i in 1 2 4 5 6 8; do git branch -q -D "w$i"; done
"$esker" gc --remote --keep-last 1 --grace 0 --yes
"$esker" verify --remote --read-data
for i in 3 7; do
    git clone -q -b "w$i" "$work/a" "$work/again$i"
    (cd "$work/again$i" && "$esker" pull -q && same "d$i" "../c$i/d$i")
done

step "wrong credentials"
if AWS_SECRET_ACCESS_KEY=wrong timeout 5 "$esker" status --remote; then
    echo "they were taken"
    exit 1
fi
echo "all is as it should be"
