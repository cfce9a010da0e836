package setup

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets a test run this package's Run in a process of its own, which
// it can kill: the test binary with helperEnv set is that process.
func TestMain(m *testing.M) {
	if spec := os.Getenv(helperEnv); spec != "" {
		os.Exit(helper(spec))
	}
	os.Exit(m.Run())
}

const helperEnv = "CLOZE_SETUP_TEST_HELPER"

// helperSpec is what the process is asked to do.
type helperSpec struct {
	Config  Config
	Kernels string // folder of the kernels; "" is the real ones
	Wheels  string // folder of the fakes' wheels; "" is the real pins
}

func helper(spec string) int {
	var s helperSpec
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if s.Kernels != "" {
		useKernels(os.DirFS(s.Kernels), "testhash")
	}
	if s.Wheels != "" {
		if err := pinFakes(s.Wheels); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	s.Config.Log = os.Stderr
	r, err := Run(context.Background(), s.Config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return 2
	}
	return 0
}

func useKernels(files fs.FS, hash string) {
	kernels.files, kernels.hash = files, func() string { return hash }
}

// world is a machine made of small fakes on which Run does all it does: a
// checkout, a Go module proxy that has a gotch, wheels, pip, g++.
type world struct {
	dir, bin, checkout, cache, wheels string
	log                               bytes.Buffer
}

// newWorld points the environment at the fakes, for the length of the test.
func newWorld(t *testing.T) *world {
	t.Helper()
	if goos != "linux" {
		t.Skip("set-up is for linux")
	}
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	d := t.TempDir()
	w := &world{dir: d, bin: d + "/bin", checkout: d + "/checkout", cache: d + "/cache", wheels: d + "/wheels"}
	w.write(t, "checkout/go.mod", "module "+clozePath+"\n\ngo 1.26.0\n", 0o644)
	w.write(t, "checkout/models/torch/native/ops.txt", "atg_matmul # the product\natg_add\n", 0o644)
	w.write(t, "checkout/models/torch/native/native.h", "const char *cloze_native_hash(void);\n", 0o644)
	w.write(t, "checkout/models/torch/native/core.cpp", "// CLOZE_NATIVE_HASH\n", 0o644)
	w.write(t, "checkout/models/torch/native/other.cpp", "// no hash\n", 0o644)
	w.fakeProxy(t)
	w.fakeWheels(t)
	w.write(t, "bin/g++", fakeGxx, 0o755)
	w.write(t, "bin/python3", fakePython, 0o755)
	for _, tool := range []string{"ar", "sh", "cat", "cp", "chmod", "sleep"} {
		if p, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(p, w.bin+"/"+tool); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Symlink(goCmd, w.bin+"/go"); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"PATH": w.bin, "GOPROXY": "file://" + d + "/proxy", "GOSUMDB": "off", "GOTOOLCHAIN": "local",
		"GOMODCACHE": d + "/modcache", "GOFLAGS": "-modcacherw", "GOWORK": "", "LIBTORCH": "", "CXX": "", "FAKE_WHEELS": w.wheels, "FAKE_PIP": "", "FAKE_GXX": ""} {
		t.Setenv(name, value)
	}
	old, pins := kernels, platforms[goos+"/"+goarch]
	t.Cleanup(func() { kernels, platforms[goos+"/"+goarch] = old, pins })
	useKernels(os.DirFS(w.checkout+"/models/torch/native"), "testhash")
	if err := pinFakes(w.wheels); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (w *world) config() Config {
	return Config{ModuleDir: w.checkout, CacheDir: w.cache, Log: &w.log}
}

func (w *world) run() (Report, error) { return Run(context.Background(), w.config()) }

// fakeGxx makes an object of whatever it is given; the proof of the link, a
// program that ends well. FAKE_GXX chooses how it fails.
const fakeGxx = `#!/bin/sh
case "$1" in --version) echo "g++ (fake) 12.2.0"; exit 0;; -dumpfullversion) echo "${FAKE_VERSION:-12.2.0}"; exit 0;; esac
case "$FAKE_GXX" in
sleep) echo $$ >> "$FAKE_WHEELS/pids"; sleep 600 & echo $! >> "$FAKE_WHEELS/pids"; wait;;
error) echo "In file included from x.h:1,"; echo "native/core.cpp:3:1: error: 'foo' was not declared"; exit 1;;
memory) echo "g++: fatal error: Killed signal terminated program cc1plus"; exit 1;;
full) echo "/tmp/cc.s: fatal error: error writing: No space left on device"; exit 1;;
esac
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
printf '#!/bin/sh\nexit ${FAKE_PROOF:-0}\n' > "$out"; [ "$out" = proof ] && chmod +x "$out" 2>/dev/null
exit 0
`

// fakePython is python3 with pip and without torch.
const fakePython = `#!/bin/sh
[ "$1" = -c ] && exit 1
[ "$3" = --version ] && { [ "$FAKE_PIP" != none ]; exit; }
if [ -n "$FAKE_PIP" ]; then cat "$FAKE_PIP" >&2; exit 1; fi
for a; do case "$a" in --dest=*) dest=${a#--dest=};; *==*) name=${a%%==*};; esac; done
cp "$FAKE_WHEELS/$name.whl" "$dest/$name.whl"
`

// fakeProxy serves a gotch that has the known number of places to mend.
func (w *world) fakeProxy(t *testing.T) {
	t.Helper()
	var cpp strings.Builder
	fn := func(name, body string) {
		fmt.Fprintf(&cpp, "void %s(tensor *out__, tensor self) {\n  PROTECT(\n    %s\n  )\n}\n\n", name, body)
	}
	fn("atg_matmul", "x(*self);")
	fn("atg_add", strings.Repeat("f((self ? *self : torch::Tensor()));", 200))
	fn("atg_unused", strings.Repeat("f((self ? *self : torch::Tensor()));", optionalPlaces-200))
	fn("atg_where", "y(*self);")
	for _, g := range gone {
		fn(g, "gone(*self);")
	}
	files := map[string]string{
		"LICENSE":                          "Apache\n",
		"go.mod":                           "module " + gotchPath + "\n",
		"libtch/torch_api.cpp":             "#include \"torch_api_generated.cpp.h\"\n",
		"libtch/torch_api.h":               "int at_defined(tensor);\n",
		"libtch/torch_api_generated.h":     "void atg_matmul(tensor *, tensor self);\nvoid atg_add(tensor *, tensor self);\nvoid atg_unused(tensor *, tensor self);\nvoid atg_where(tensor *, tensor self);\n",
		"libtch/torch_api_generated.cpp.h": cpp.String(),
		"libtch/patch.go":                  "package libtch\n\nimport \"C\"\n\nfunc AtgWhere(c Ctensor) *Ctensor {\n\treturn C.atg_where(c)\n}\n",
		"libtch/c-generated.go": "package libtch\n\nimport \"C\"\nimport \"unsafe\"\n\nfunc AtgMatmul(ptr *Ctensor, self Ctensor) {\n\tC.atg_matmul(ptr, self)\n}\n" +
			"func AtgUnused(ptr *Ctensor, self Ctensor) {\n\tif x {\n\t}\n\tC.atg_unused(ptr, self)\n}\n",
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range sortedKeys(files) {
		addZip(t, z, gotchPath+"@"+gotchVersion+"/"+name, files[name])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	base := "proxy/" + gotchPath + "/@v/" + gotchVersion
	w.write(t, base+".info", `{"Version":"`+gotchVersion+`"}`, 0o644)
	w.write(t, base+".mod", files["go.mod"], 0o644)
	w.write(t, base+".zip", buf.String(), 0o644)
}

func addZip(t *testing.T, z *zip.Writer, name, text string) {
	t.Helper()
	f, err := z.Create(name)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fakeWheels writes three wheels with the members that set-up takes, and one
// that must not lead out of the folder.
func (w *world) fakeWheels(t *testing.T) {
	t.Helper()
	for _, p := range platforms[goos+"/"+goarch].wheels {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for _, lib := range p.libs {
			text := strings.Repeat(lib, 1000)
			if lib == "libc10.so" {
				text = fakeLibc10(t, true)
			}
			addZip(t, z, "x/lib/"+lib, text)
		}
		addZip(t, z, "x/lib/libunwanted.so", "no")
		info := strings.ReplaceAll(p.name, "-", "_") + "-" + p.version + ".dist-info/"
		addZip(t, z, info+"licenses/LICENSE", "licence of "+p.name)
		addZip(t, z, info+"WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
		addZip(t, z, info+"METADATA", "Metadata-Version: 2.1\nName: "+p.name+"\nVersion: "+p.version+"\n")
		addZip(t, z, info+"RECORD", "")
		if p.include {
			addZip(t, z, "torch/include/torch/headeronly/version.h", "#define TORCH_VERSION \\\n  \""+torchVersion+"\"\n")
			addZip(t, z, "torch/include/../../../../evil.h", "out")
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		w.write(t, "wheels/"+p.name+".whl", buf.String(), 0o644)
	}
}

// pinFakes pins the fake wheels in place of the real ones.
func pinFakes(dir string) error {
	p := platforms[goos+"/"+goarch]
	wheels := append([]wheel{}, p.wheels...)
	for i := range wheels {
		data, err := os.ReadFile(filepath.Join(dir, wheels[i].name+".whl"))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		wheels[i].sha256, wheels[i].bytes = hex.EncodeToString(sum[:]), int64(len(data))
	}
	p.wheels, p.unpackedBytes = wheels, 1e6
	platforms[goos+"/"+goarch] = p
	return nil
}

// oneLine checks an error's form and that it says all of the words.
func oneLine(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	if strings.Contains(text, "\n") || len(text) > 600 || !strings.HasPrefix(text, "setup: ") {
		t.Errorf("not one short line of ours: %q", text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in %q", w, text)
		}
	}
}
