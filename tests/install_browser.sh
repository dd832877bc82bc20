#!/bin/sh
# Debian's Chromium for the browser test, where it is missing and can be installed. Never fails: the test
# says why it is skipped.
command -v chromium >/dev/null 2>&1 && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
[ "$(id -u)" = 0 ] || exit 0
echo 'Chromium을 설치합니다…'
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-nanum; } \
    >/dev/null 2>&1 || echo 'Chromium을 설치하지 못해 브라우저 시험은 건너뜁니다.'
exit 0
