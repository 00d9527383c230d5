package e2e

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a page may take before the journey is given up; both engines of a small machine may be busy.
const patience = 20 * time.Second

var pictures = flag.String("pictures", "", "take the README's pictures into this folder")

// chromium is the browser of the whole process: starting one takes longer than many a journey.
var chromium struct {
	sync.Once
	ctx  context.Context
	stop []context.CancelFunc
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range chromium.stop {
		stop()
	}
	os.Exit(code)
}

// browser starts Chromium, once, and gives the context that windows are opened from.
func browser(t *testing.T) context.Context {
	t.Helper()
	installedOrSkip(t)
	chromium.Do(func() {
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true),
			chromedp.Env("LANGUAGE=zh_CN"), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true))
		// The same engine without a window that nobody sees: half the time. What a profile keeps is asked of the whole browser.
		if shell, err := exec.LookPath("chromium-headless-shell"); err == nil {
			opts = append(opts, chromedp.ExecPath(shell))
		}
		alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, close := chromedp.NewContext(alloc)
		chromium.stop = []context.CancelFunc{close, stop}
		chromium.ctx, chromium.err = ctx, chromedp.Run(ctx)
	})
	if chromium.err != nil {
		t.Fatalf("Chromium does not start: %v", chromium.err)
	}
	return chromium.ctx
}

func installedOrSkip(t *testing.T) {
	t.Helper()
	if installed() {
		return
	}
	if os.Getenv("QIANSHAO_NEED_BROWSER") == "1" {
		t.Fatal("there is no Chromium on this machine; make tools installs it")
	}
	t.Skip("there is no Chromium on this machine, so no journey is made; make tools installs it")
}

func installed() bool {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}
