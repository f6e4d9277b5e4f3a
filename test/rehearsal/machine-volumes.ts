import type { Enclosure } from './instances-enclosure.ts'
import type { Machine } from './machine.ts'

/** A volume is a sparse file behind a loop device. The device is held open by a process of the enclosure and is given up with it. */
const OPEN = `
set -eu
file=$1 bytes=$2
have=$(stat -c %s "$file" 2>/dev/null || echo 0)
[ "$have" -ge "$bytes" ] || truncate -s "$bytes" "$file"
device=$(losetup --noheadings --output NAME --associated "$file" | head -n 1)
if [ -n "$device" ]; then
  losetup --set-capacity "$device"
else
  device=$(losetup --find --show "$file")
  exec 3<"$device"
  losetup --detach "$device"
  setsid sleep infinity >/dev/null 2>&1 </dev/null &
  echo $! >"$file.pid"
fi
stat -c '%Hr %Lr' "$device"
`

/** As udev would: the device under the first free name, and a link that names the serial, which is the volume's id. */
const PLUG = `
set -eu
cd "$1"
link=disk/by-id/nvme-Amazon_Elastic_Block_Store_$2
[ ! -e "$link" ] || exit 0
n=1
while [ -e "nvme\${n}n1" ]; do n=$((n + 1)); done
mknod -m 660 "nvme\${n}n1" b "$3" "$4"
ln -s "../../nvme\${n}n1" "$link"
`

const UNPLUG = `
link=$1/disk/by-id/nvme-Amazon_Elastic_Block_Store_$2
[ -e "$link" ] || exit 0
rm -f "$(readlink -f "$link")" "$link"
`

const GIB = 1024 ** 3

/** Our model of EBS: volumes outlive the machines they are attached to; one machine at a time. */
export const openVolumes = (enclosure: Enclosure) => {
  const attached = new Map<string, Machine>()
  const file = (volume: string) => `${enclosure.dir}/m/volumes/${volume}`
  const serial = (volume: string) => volume.replace('-', '')

  const detach = async (volume: string) => {
    const machine = attached.get(volume)
    attached.delete(volume)
    if (machine) await enclosure.run('sh', ['-c', UNPLUG, 'unplug', machine.devices, serial(volume)])
  }
  return {
    /** Makes it when it is new, grows it when it is smaller. */
    async attach(volume: string, gib: number, machine: Machine): Promise<void> {
      const holder = attached.get(volume)
      if (holder && holder !== machine) throw new Error(`${volume} is attached to ${holder.id}`)
      attached.set(volume, machine)
      const free = () => attached.get(volume) === machine && attached.delete(volume)
      machine.off.then(free, free)
      const numbers = await enclosure.run('sh', ['-c', OPEN, 'open', file(volume), String(gib * GIB)])
      await enclosure.run('sh', ['-c', PLUG, 'plug', machine.devices, serial(volume), ...numbers.trim().split(' ')])
    },
    detach,
    /** What lies on `source` now: a snapshot of a volume, or a volume of a snapshot. */
    async copy(source: string, target: string): Promise<void> {
      await enclosure.run('sh', ['-c', '[ ! -e "$1" ] || cp --sparse=always "$1" "$2"', 'copy', file(source), file(target)])
    },
    async remove(volume: string): Promise<void> {
      await detach(volume)
      await enclosure.run('sh', ['-c', '! read -r pid <"$1.pid" || kill "$pid"; rm -f "$1" "$1.pid"', 'remove', file(volume)])
    },
  }
}
