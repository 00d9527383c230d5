package accounthttp

import (
	"image/color"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrView is a QR code as one path: a unit square a module.
type qrView struct {
	Box  string // viewBox, with the quiet zone of four modules around
	Path string
}

// newQR draws a text as a QR code that survives a smudge (level M). What it can't hold is an error.
func newQR(text string) (qrView, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrView{}, err
	}
	n := code.Bounds().Dx()
	var b strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			run := 0
			for x+run < n && code.At(x+run, y) == color.Black {
				run++
			}
			if run > 0 {
				w := strconv.Itoa(run)
				b.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + w + "v1h-" + w + "z")
				x += run
			}
		}
	}
	size := strconv.Itoa(n + 8)
	return qrView{Box: "-4 -4 " + size + " " + size, Path: b.String()}, nil
}

func itoa(n int) string { return strconv.Itoa(n) }

func pressed(on bool) string { return strconv.FormatBool(on) }
