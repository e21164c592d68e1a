module firebreak/tools/programs/kopia

go 1.26

require github.com/kopia/kopia v0.22.3
