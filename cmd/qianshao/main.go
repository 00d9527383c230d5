// Command qianshao is the whole program: the work application, its demonstration, and what an operator does to it from
// the host's command line. It reads the line, opens what is named there and calls one use case; rules live elsewhere.
//
// Exit codes: 0 done, 1 failed (it says why and what was left as it was), 2 wrong usage. Long work shows its progress on
// a terminal and one line a stage otherwise. What is written from here is an act of the host's operator.
//
// Start at run; the commands are in the files named after them, their grammar in cli.go.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run carries out one command line and says how it ended.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	return command(&env{ctx: ctx, in: in, out: out, errs: errs}, args)
}
