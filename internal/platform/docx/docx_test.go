package docx_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"qianshao/internal/platform/docx"
)

func write(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	d := docx.New(&b, `标题 <&> "引"`, "zh-CN")
	d.Title("标题")
	d.Sub("单位")
	d.Heading(1, "一、<问题>")
	d.Heading(9, "深处")
	d.Para("正文 & \x00\x0b更多\xff")
	d.Table([]docx.Column{{Head: "乡镇", Width: 3}, {Head: "数", Width: 1, Right: true}}, [][]string{{"石桥镇", "3"}, {"短"}, {"a", "b", "c"}})
	d.Table(nil, nil)
	d.Note("注")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPartsAreWellFormed opens every part as XML: a word processor refuses the whole file for one broken part.
func TestPartsAreWellFormed(t *testing.T) {
	t.Parallel()
	b := write(t)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	names, announced := map[string]bool{}, []string{}
	for _, f := range z.File {
		names["/"+f.Name] = true
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		switch f.Name {
		case "word/document.xml":
			for _, want := range []string{"一、&lt;问题&gt;", "正文 &amp; 更多", `w:val="Heading3"`, "<w:tblHeader/>", `<w:jc w:val="right"/>`} {
				if !strings.Contains(string(text), want) {
					t.Errorf("document lacks %s", want)
				}
			}
			if strings.Contains(string(text), ">c<") {
				t.Error("a cell beyond the columns was written")
			}
		case "[Content_Types].xml":
			for _, p := range strings.Split(string(text), `PartName="`)[1:] {
				name, _, _ := strings.Cut(p, `"`)
				announced = append(announced, name)
			}
		case "docProps/core.xml":
			if !strings.Contains(string(text), "标题 &lt;&amp;&gt;") {
				t.Error("the title is not among the properties")
			}
		}
	}
	for _, n := range announced {
		if !names[n] {
			t.Errorf("%s is announced and missing", n)
		}
	}
}

func TestSameCallsSameBytes(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(write(t), write(t)) {
		t.Error("two runs differ")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	d := docx.New(full{}, "t", "en")
	d.Para(strings.Repeat("长", 1<<20))
	if err := d.Close(); err == nil {
		t.Error("nothing was said")
	}
}
