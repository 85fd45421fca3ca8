module plexwg.test/sim

go 1.19
