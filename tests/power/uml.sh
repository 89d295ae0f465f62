#!/bin/sh
# Cuts the power under esker on a block device that drops all writes from one moment on (dm-flakey), in a user-mode Linux kernel:
#
#     sudo tests/power/uml.sh [ESKER [TRIES [SEED [FILE-SYSTEMS]]]]
#
# It needs the Debian packages user-mode-linux, dmsetup, kmod, e2fsprogs and xfsprogs; where they are missing it says so and ends with 0.
# Nothing of this machine is touched but a folder in /tmp: the disk that fails is an image.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
esker=$(readlink -f "${1:-target/debug/esker}")
tries=${2:-10} seed=${3:-1} kinds=${4:-ext4,xfs}

for tool in linux.uml dmsetup insmod mkfs.ext4 mkfs.xfs; do
    command -v "$tool" >/dev/null || { echo "power cut by dm-flakey: skipped, there is no $tool"; exit 0; }
done
folder=$(mktemp -d /tmp/esker-uml-XXXXXX)
trap 'rm -rf "$folder"' EXIT
truncate -s 1G "$folder/disk"

# The first process of that kernel. It sees the files of this machine, and works in memory of its own.
cat >"$folder/init" <<END
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/mnt
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs -o size=900m tmp /mnt
modules=/usr/lib/uml/modules/\$(uname -r)/kernel
for module in drivers/dax/dax drivers/md/dm-mod drivers/md/dm-flakey lib/libcrc32c fs/xfs/xfs; do
    [ ! -e "\$modules/\$module.ko" ] || insmod "\$modules/\$module.ko" || echo "no \$module"
done >>"$folder/modules" 2>&1
[ -e /dev/ubda ] || mknod /dev/ubda b 98 0
python3 "$here/cut.py" --esker "$esker" --tries $tries --seed $seed --file-systems $kinds --flakey /dev/ubda >"$folder/told" 2>&1
echo \$? >"$folder/rc"
echo o >/proc/sysrq-trigger
sleep 10
END
chmod +x "$folder/init"
linux.uml mem=2G ubda="$folder/disk" rootfstype=hostfs rootflags=/ rw init="$folder/init" con=null con0=null,fd:2 \
    >"$folder/console" 2>&1 </dev/null || true
cat "$folder/modules"; cat "$folder/told" 2>/dev/null || tail -n 30 "$folder/console"
exit "$(cat "$folder/rc" 2>/dev/null || echo 1)"
