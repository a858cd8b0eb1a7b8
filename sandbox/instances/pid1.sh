#!/bin/bash
# Becomes systemd as PID 1 of an instance: run in namespaces of its own (boot.py).
# pid1.sh BASE FOLDER HOSTNAME CONTROL_GROUP_FILE_SYSTEM
set -eu
base=$1 folder=$2 name=$3
root=$folder/root
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$root"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

mount -t proc proc "$root/proc"
# Only what belongs to its own namespaces may be changed: the kernel is this machine's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger"

# cloud-init takes a machine for one of EC2 by its hypervisor's UUID.
mkdir -p "$folder/sysfs" "$folder/ec2/hypervisor"
echo ec2e1916-9099-7caf-fd21-012345abcdef >"$folder/ec2/hypervisor/uuid"
mount -t sysfs -o ro sysfs "$folder/sysfs"
mount -t overlay -o "ro,lowerdir=$folder/ec2:$folder/sysfs" overlay "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
hostname "$name"

cd "$root"
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
# The clock is this machine's too.
exec env -i container=askproai PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio --inh-caps=-all \
    /lib/systemd/systemd --log-target=journal --show-status=no </dev/null
