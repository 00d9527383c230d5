package db

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h.
const tcpUserTimeout = 18

// impatient has the kernel give a connection up when what was sent is not acknowledged for as long as deadAfter.
func impatient(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		// Without it the connection is only slower to be given up; a Unix socket has none.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(deadAfter.Milliseconds()))
	})
}
