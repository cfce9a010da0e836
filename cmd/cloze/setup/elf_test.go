package setup

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// fakeLibc10 is the smallest shared library with one exported name, in the new
// or the old C++ ABI.
func fakeLibc10(t *testing.T, newABI bool) string {
	name := "_ZN3c105ErrorC2ESs"
	if newABI {
		name = "_ZN3c105ErrorC2ENSt7__cxx1112basic_stringIcE"
	}
	return fakeELF(t, machines[goarch], name)
}

// fakeELF writes headers, a symbol table with one symbol, and its strings.
func fakeELF(t *testing.T, machine elf.Machine, symbol string) string {
	t.Helper()
	var b bytes.Buffer
	put := func(v any) {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	names := "\x00.dynsym\x00.dynstr\x00.shstrtab\x00"
	strs := "\x00" + symbol + "\x00"
	const header, section, sym = 64, 64, 24
	symAt := uint64(header)
	strAt := symAt + 2*sym
	namesAt := strAt + uint64(len(strs))
	sectionsAt := namesAt + uint64(len(names))
	h := elf.Header64{Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: 1, Shoff: sectionsAt, Ehsize: header, Shentsize: section, Shnum: 4, Shstrndx: 3}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	put(h)
	put(elf.Sym64{})
	put(elf.Sym64{Name: 1, Info: 0x12, Shndx: 1, Value: 1})
	b.WriteString(strs)
	b.WriteString(names)
	put(elf.Section64{})
	put(elf.Section64{Name: 1, Type: uint32(elf.SHT_DYNSYM), Off: symAt, Size: 2 * sym, Link: 2, Entsize: sym})
	put(elf.Section64{Name: 9, Type: uint32(elf.SHT_STRTAB), Off: strAt, Size: uint64(len(strs))})
	put(elf.Section64{Name: 17, Type: uint32(elf.SHT_STRTAB), Off: namesAt, Size: uint64(len(names))})
	return b.String()
}
