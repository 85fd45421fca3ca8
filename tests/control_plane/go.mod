module plexwg.test/control_plane

go 1.19
