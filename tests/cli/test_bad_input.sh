#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Truncated and hostile state documents and dumps: one clear error, no change, no crash.
# Usage: test_bad_input.sh PLEXWG
set -u
. "$(dirname "$0")/tap.sh"
trap 'rm -rf "$work"' EXIT
plexwg=$1
cp "$(dirname "$0")"/../../fixtures/plan/two-peers.* "$work"
fixtures=$work
python3 - "$work" "$(key 2)" <<'PY'
import json, sys
work, key = sys.argv[1:]
peer = {"id": "two", "public_key": key, "allowed_ips": ["10.0.0.2/32"]}

def write(name, data):
    open(f"{work}/{name}", "wb").write(data if isinstance(data, bytes) else data.encode())

def state(name, *peers):
    write(name, json.dumps({"peers": peers}))

refused = {
    "empty": "", "white-space": " \n", "a-list": "[]", "null": "null", "a-number": "1",
    "no-peers": "{}", "peers-a-string": '{"peers": "x"}', "peers-an-object": '{"peers": {}}',
    "cut": '{"peers": [{"id": "two"', "two-documents": '{"peers": []} {"peers": []}',
    "a-comment": '{"peers": [] /* none */}', "a-trailing-comma": '{"peers": [],}',
    "single-quotes": "{'peers': []}", "not-a-number": '{"peers": [], "x": NaN}',
    "peers-twice": '{"peers": [], "peers": []}', "peers-twice-spelt-otherwise": '{"peers": [], "p\\u0065ers": []}',
    "deep": '{"peers": ' + "[" * 100000 + "]" * 100000 + "}",
    "a-nul-byte": b'{"peers": [\x00]}', "invalid-utf-8": b'{"peers": [], "x": "\xff\xfe"}',
    "a-control-character": b'{"peers": [], "x": "\x01"}',
    "a-megabyte-of-nothing": b"\x00" * 1048576,
}
for name, data in refused.items():
    write("refused-" + name, data)

for name, member in {
    "id-a-number": {"id": 5}, "id-empty": {"id": ""}, "id-null": {"id": None}, "id-a-megabyte": {"id": "x" * 1048576},
    "id-with-a-nul": {"id": "a\u0000b"}, "key-short": {"public_key": "AAAA"}, "key-zero": {"public_key": "A" * 43 + "="},
    "key-with-stray-bits": {"public_key": key[:42] + "J="}, "key-unpadded": {"public_key": key[:43]},
    "key-with-a-line-break": {"public_key": key[:20] + "\n" + key[20:]}, "key-url-safe": {"public_key": "-_" + key[2:]},
    "key-an-object": {"public_key": {}}, "prefix-too-long": {"allowed_ips": ["10.0.0.0/33"]},
    "prefix-of-letters": {"allowed_ips": ["ten"]}, "prefix-a-number": {"allowed_ips": [10]}, "prefixes-a-string": {"allowed_ips": "10.0.0.0/8"},
    "prefix-a-megabyte": {"allowed_ips": ["1" * 1048576]}, "endpoint-without-port": {"endpoint": "198.51.100.2"},
    "endpoint-port-zero": {"endpoint": "198.51.100.2:0"}, "endpoint-port-too-high": {"endpoint": "198.51.100.2:65536"},
    "endpoint-without-brackets": {"endpoint": "2001:db8::1:51820"}, "psk-short": {"psk": "c2VjcmV0LXNlY3JldA=="},
    "psk-a-number": {"psk": 7}, "keepalive-negative": {"persistent_keepalive": -1}, "keepalive-too-high": {"persistent_keepalive": 65536},
    "keepalive-a-fraction": {"persistent_keepalive": 2.5}, "keepalive-a-string": {"persistent_keepalive": "25"},
    "mesh-ip-of-letters": {"mesh_ip": "here"}, "mesh-ip-the-broadcast": {"mesh_ip": "255.255.255.255"},
    "endpoint-reserved": {"endpoint": "240.0.0.1:51820"},
}.items():
    state("unusable-" + name, {**peer, **member}, {"id": "three", "public_key": "Aw" * 21 + "M=", "allowed_ips": []})
write("unusable-element-a-number", '{"peers": [5]}')
write("repeated-id", '{"peers": [' + ",".join(['{"id": "two"}'] * 65536) + "]}")
write("unusable-member-twice", '{"peers": [{"id": "two", "id": "two", "public_key": "%s", "allowed_ips": []}]}' % key)
PY

plan() { timeout 20 "$plexwg" plan --actual "$fixtures/two-peers.dump" --state "$1" </dev/null; }
refused() { # one line of error that names the file, nothing planned
	status 1 plan "$1" && [ ! -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] && [ "$(wc -c <"$err")" -lt 600 ] &&
		grep -qF "plexwg: plan: state: $1: " "$err"
}
unusable() { # one line of error that names the place; the rest is planned all the same
	status 1 plan "$1" && [ -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] && grep -q 'peers\[0\]' "$err" &&
		[ "$(wc -c <"$err")" -lt 900 ]
}
for file in "$work"/refused-*; do
	name=${file##*/refused-}
	check "a state document is rejected whole: ${name//-/ }" refused "$file"
done
for file in "$work"/unusable-*; do
	name=${file##*/unusable-}
	check "an entry is rejected, and no other: ${name//-/ }" unusable "$file"
done
check 'an id that is repeated many times takes little time' unusable "$work/repeated-id"
few_writes() { # each write of an error arrives as a message of its own
	python3 - "$plexwg" "$fixtures/two-peers.dump" "$work/many" <<-'PY'
		import json, socket, subprocess, sys, threading
		plexwg, dump, path = sys.argv[1:]
		json.dump({"peers": [{"id": f"peer-{n}"} for n in range(10000)]}, open(path, "w"))
		ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		messages = []
		def read():
		    while message := ours.recv(1 << 20):
		        messages.append(message)
		reader = threading.Thread(target=read)
		reader.start()
		status = subprocess.run([plexwg, "plan", "--state", path, "--actual", dump], stdout=subprocess.DEVNULL, stderr=theirs).returncode
		theirs.close()
		reader.join()
		text = b"".join(messages)
		assert status == 1 and text.count(b"\n") == 10000 and text.startswith(b"plexwg: state: peers[0] "), text[:200]
		print(len(messages), "writes")
		assert len(messages) * 1024 < len(text)
	PY
}
check 'ten thousand errors are few writes' few_writes
together() { # the plan is whole before the first error
	"$plexwg" plan --actual "$fixtures/two-peers.dump" --state "$work/many" >"$work/both" 2>&1
	head -n 1 "$work/both" && head -n 4 "$work/both" | grep -q 'unchanged$' && ! tail -n 10000 "$work/both" | grep -qv '^plexwg: '
}
check 'in one file errors come after the plan' together
no_secret() { ! "$plexwg" plan --actual "$fixtures/two-peers.dump" --state "$work/unusable-psk-short" 2>&1 | grep c2Vj; }
check 'the error about a preshared key does not show it' no_secret

dump_refused() {
	status 1 "$plexwg" plan --state "$fixtures/two-peers.json" --actual "$1" && [ ! -s "$out" ] &&
		grep -qF "plexwg: plan: actual: $1: " "$err" &&
		[ "$(wc -l <"$err")" = 1 ] && ! grep -qF -e ISEhISEh -e AAEBAQEB "$err"
}
cuts() {
	local size at
	size=$(stat -c %s "$fixtures/two-peers.dump")
	for at in $(seq 0 13 $((size - 1))); do
		head -c "$at" "$fixtures/two-peers.dump" >"$work/cut.dump"
		# A dump that ends with a line is whole, as far as anybody can tell.
		[ -s "$work/cut.dump" ] && [ -z "$(tail -c 1 "$work/cut.dump")" ] && continue
		# So is one that ends in digits of its last field.
		tail -n 1 "$work/cut.dump" | grep -qP '^([^\t]*\t){7}[0-9]+$' && continue
		dump_refused "$work/cut.dump" || { echo "cut at $at" && return 1; }
	done
}
check 'a dump cut anywhere in a line is rejected' cuts
change() { sed "$1" "$fixtures/two-peers.dump" >"$work/changed.dump" && dump_refused "$work/changed.dump"; }
check 'a dump with a bad key is rejected' change '2s/^A/!/'
check 'a dump with a bad preshared key is rejected' change '3s/ISEh/!!!!/'
check 'a dump with a bad prefix is rejected' change '2s/10.100.0.2.32/10.100.0.2\/99/'
check 'a dump with a column too many is rejected' change '2s/$/\tx/'
check 'a dump with a peer twice is rejected' change '2p'
check 'a dump with a bad mark is rejected' change '1s/off$/0x2z/'
"$plexwg" init --identity "$work/identity" --mesh-ip 10.100.0.1 >/dev/null
echo '{"peers": []}' >"$work/none.json"
identity_refused() { # identity_refused FILE TEXT: one line that names the file, nothing done
	local kept status=0
	kept=$(cat "$work/identity/$1")
	printf "$2" >"$work/identity/$1"
	status 1 "$plexwg" apply --controller sim --identity "$work/identity" --state "$work/none.json" &&
		[ ! -s "$out" ] && [ "$(wc -l <"$err")" = 1 ] && grep -q "identity/$1: " "$err" &&
		! grep -q AgICAgIC "$err" || status=1
	echo "$kept" >"$work/identity/$1"
	return $status
}
for text in '' '{' '[]' 'null' '{}' '{"mesh_ip": 5}' '{"mesh_ip": null}' '{"mesh_ip": "10.0.0.1/32"}' \
	'{"mesh_ip": "0.0.0.0"}' '{"mesh_ip": "ff02::1"}' '{"mesh_ip": "10.0.0.1", "mesh_ip": "10.0.0.2"}' \
	'{"mesh_ip": "10.0.0.1", "node_id": 5}' '{"mesh_ip": "10.0.0.1", "node_id": "a\\u0000b"}' \
	'{"mesh_ip": "10.0.0.1", "x": "\xff"}' '{"mesh_ip": "10.0.0.1"}\0' "$(printf '%70000s' '{}')"; do
	check "an identity is rejected: ${text:0:60}" identity_refused identity.json "$text"
done
check 'a private key that is cut is rejected' identity_refused private_key 'AgICAgIC'
check 'a private key with a NUL is rejected' identity_refused private_key 'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\0'
check 'a private key of zeros is rejected' identity_refused private_key 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
check 'a private key of a megabyte is rejected' identity_refused private_key "$(head -c 100000 /dev/zero | tr '\0' A)"
head -c 1048576 /dev/zero >"$work/zero.dump"
check 'a dump of a megabyte of nothing is rejected' dump_refused "$work/zero.dump"
tap_end
