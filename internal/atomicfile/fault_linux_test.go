package atomicfile_test

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// tinyDisk mounts a file system of 256 KiB, which needs root.
func tinyDisk(t *testing.T) *os.Root {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("cannot mount a small file system: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func TestDiskFull(t *testing.T) {
	root := tinyDisk(t)
	old := strings.Repeat("o", 64<<10)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte(old)))
	err := atomicfile.WriteFile(root, "x", make([]byte, 1<<20))
	require.ErrorIs(t, err, syscall.ENOSPC)
	wantTree(t, root, map[string]string{"x": old})
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("new")), "the temporary file gave its space back")
}

func TestReadOnlyDisk(t *testing.T) {
	root := tinyDisk(t)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("old")))
	require.NoError(t, syscall.Mount("", root.Name(), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	require.ErrorIs(t, atomicfile.WriteFile(root, "x", []byte("new")), syscall.EROFS)
	require.ErrorIs(t, atomicfile.Remove(root, "x"), syscall.EROFS)
	wantTree(t, root, map[string]string{"x": "old"})
	require.NoError(t, syscall.Mount("", root.Name(), "", syscall.MS_REMOUNT, ""))
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("new")))
	wantTree(t, root, map[string]string{"x": "new"})
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes into read-only directories")
	}
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("old")))
	require.NoError(t, os.Chmod(root.Name(), 0o500))
	t.Cleanup(func() { _ = os.Chmod(root.Name(), 0o700) })
	require.ErrorIs(t, atomicfile.WriteFile(root, "x", []byte("new")), os.ErrPermission)
	wantTree(t, root, map[string]string{"x": "old"})
}

// In a directory with a default ACL the mode bits of the group are the ACL's
// mask: a file left at 0600 would lock its named users out, as it once did
// for twelve tickets.
func TestDefaultACLKeepsItsMask(t *testing.T) {
	const (
		userObj, user, groupObj, mask, other = 0x01, 0x02, 0x04, 0x10, 0x20
		named                                = 12345
		version                              = 2
	)
	acl := binary.LittleEndian.AppendUint32(nil, version)
	for _, entry := range []struct {
		tag, perm uint16
		id        uint32
	}{{userObj, 7, ^uint32(0)}, {user, 7, named}, {groupObj, 7, ^uint32(0)}, {mask, 7, ^uint32(0)}, {other, 0, ^uint32(0)}} {
		acl = binary.LittleEndian.AppendUint16(acl, entry.tag)
		acl = binary.LittleEndian.AppendUint16(acl, entry.perm)
		acl = binary.LittleEndian.AppendUint32(acl, entry.id)
	}
	root := openRoot(t)
	if err := unix.Setxattr(root.Name(), "system.posix_acl_default", acl, 0); err != nil {
		t.Skip("no ACLs here: ", err)
	}
	require.NoError(t, atomicfile.WriteFile(root, "d/x", nil))

	perms := func(name string) map[uint16]uint16 {
		buf := make([]byte, 1024)
		n, err := unix.Getxattr(root.Name()+"/"+name, "system.posix_acl_access", buf)
		require.NoError(t, err)
		byTag := make(map[uint16]uint16)
		for at := 4; at+8 <= n; at += 8 {
			byTag[binary.LittleEndian.Uint16(buf[at:])] = binary.LittleEndian.Uint16(buf[at+2:])
		}
		return byTag
	}
	for name, want := range map[string]uint16{"d": 7, "d/x": 6} {
		got := perms(name)
		if got[user]&got[mask] != want || got[other] != 0 {
			t.Errorf("%s: the named user has %o, others %o; want %o and 0", name, got[user]&got[mask], got[other], want)
		}
	}
}
