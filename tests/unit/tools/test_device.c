// SPDX-License-Identifier: MIT
/* dom0-tools/xlite/disk.c and vif.c: what a specification tells the backends.
 */
#include "tools.h"

#include <stdlib.h>

#include "xlite/device.h"

static const char *node(const struct device *d, unsigned int side,
                        const char *key)
{
    for (unsigned int i = 0; i < d->node_count; i++) {
        if ((d->nodes[i].sides & side) != 0 &&
            strcmp(d->nodes[i].key, key) == 0) {
            return d->nodes[i].value;
        }
    }
    fail_msg("no node %s", key);
    return "";
}

static void disks_have_the_numbers_of_linux(void **state)
{
    static const struct {
        const char *name;
        int rc;
        uint32_t devid;
    } cases[] = {
        {"xvda", 0, 51712},
        {"xvdb", 0, 51728},
        {"xvda15", 0, 51727},
        {"xvdp", 0, 51952},
        {"xvdq", 0, 268439552},
        {"xvda16", 0, 268435472},
        {"xvdaa", 0, 1 << 28 | 26 << 8},
        {"sda", 0, 2048},
        {"sdb3", 0, 2067},
        {"hda", 0, 768},
        {"hdd1", 0, 5697},
        {"d0p1", 0, 51713},
        {"d2p0", 0, 51744},
        {"51712", 0, 51712},
        {"0xca00", 0, 51712},
        {"sdq", -1, 0},
        {"hde", -1, 0},
        {"xvd", -1, 0},
        {"xvda256", -1, 0},
        {"xvda-1", -1, 0},
        {"xvda1x", -1, 0},
        {"d0p1x", -1, 0},
        {"d0p256", -1, 0},
        {"", -1, 0},
        {"zzz", -1, 0},
        {"-5", -1, 0},
        {"xvdzzzzzzz", -1, 0},
        {"4294967295", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t devid = 0;

        assert_int_equal(disk_number(cases[i].name, &devid), cases[i].rc);
        if (cases[i].rc == 0) {
            assert_int_equal(devid, cases[i].devid);
        }
    }
}

static void good_disk(const char *spec, struct device *d)
{
    char *message;

    if (disk_parse(&spec, 1, d, &message) != 0) {
        fail_msg("%s: %s", spec, message);
    }
}

static void a_disk_is_described_to_both_sides(void **state)
{
    struct device d;

    (void)state;
    good_disk("/images/a.img,raw,xvdb,rw", &d);
    assert_int_equal(d.kind, DEVICE_VBD);
    assert_int_equal(d.devid, 51728);
    assert_string_equal(d.name, "xvdb");
    assert_string_equal(d.target, "/images/a.img");
    assert_string_equal(d.script, "/etc/xen/scripts/block");
    assert_string_equal(node(&d, SIDE_BACK, "params"), "/images/a.img");
    assert_string_equal(node(&d, SIDE_BACK, "mode"), "w");
    assert_string_equal(node(&d, SIDE_BACK, "type"), "phy");
    assert_string_equal(node(&d, SIDE_BACK, "dev"), "xvdb");
    assert_string_equal(node(&d, SIDE_BACK, "discard-enable"), "1");
    assert_string_equal(node(&d, SIDE_FRONT, "virtual-device"), "51728");
    assert_string_equal(node(&d, SIDE_FRONT, "device-type"), "disk");
    device_free(&d);
}

static void options_of_disks_are_honoured(void **state)
{
    struct device d;

    (void)state;
    good_disk("phy:/dev/vg/x,hda,r", &d);
    assert_string_equal(node(&d, SIDE_BACK, "mode"), "r");
    assert_string_equal(node(&d, SIDE_BACK, "discard-enable"), "0");
    assert_string_equal(d.target, "/dev/vg/x");
    device_free(&d);
    good_disk("format=raw, vdev=xvda, access=rw, no-discard, target=/a,b", &d);
    assert_string_equal(d.target, "/a,b");
    assert_string_equal(node(&d, SIDE_BACK, "discard-enable"), "0");
    device_free(&d);
    good_disk("vdev=xvdc,devtype=cdrom,target=/x.iso", &d);
    assert_string_equal(node(&d, SIDE_BACK, "mode"), "r");
    assert_string_equal(node(&d, SIDE_BACK, "removable"), "1");
    assert_string_equal(node(&d, SIDE_FRONT, "device-type"), "cdrom");
    device_free(&d);
    good_disk("vdev=xvda,script=block-iscsi,target=iqn=x,portal=y", &d);
    assert_string_equal(d.script, "/etc/xen/scripts/block-iscsi");
    assert_null(d.target);
    device_free(&d);
}

static void bad_disk(const char *spec, const char *words)
{
    struct device d;
    char *message;

    assert_int_equal(disk_parse(&spec, 1, &d, &message), -1);
    if (strstr(message, words) == NULL) {
        fail_msg("'%s' does not contain '%s'", message, words);
    }
    free(message);
    device_free(&d);
}

static void other_disks_are_refused_with_the_reason(void **state)
{
    (void)state;
    bad_disk("/a,qcow2,xvda,w", "qemu-img convert");
    bad_disk("/a,raw,frobnicate,w", "not a disk's name");
    bad_disk("/a,raw", "no vdev");
    bad_disk("/a,raw,xvda,perhaps", "perhaps");
    bad_disk("vdev=xvda,backendtype=qdisk,target=/a", "backendtype=phy");
    bad_disk("vdev=xvda,backend=storage,target=/a", "domain 0");
    bad_disk("vdev=xvda,devtype=cdrom", "no image");
    bad_disk("vdev=xvda,specification=virtio,target=/a", "specification=xen");
    bad_disk("/a,raw,xvda,w,=\n", "one line");
    bad_disk("", "");
}

static void good_vif(const char *spec, struct device *d)
{
    char *message;

    if (vif_parse(spec, d, &message) != 0) {
        fail_msg("%s: %s", spec, message);
    }
}

static void an_interface_has_defaults(void **state)
{
    struct device d;

    (void)state;
    good_vif("", &d);
    assert_int_equal(d.kind, DEVICE_VIF);
    assert_false(d.devid_given);
    assert_string_equal(d.script, "/etc/xen/scripts/vif-bridge");
    assert_string_equal(node(&d, SIDE_BACK, "bridge"), "xenbr0");
    assert_int_equal(strncmp(d.name, "00:16:3e:", 9), 0);
    assert_string_equal(node(&d, SIDE_BACK, "mac"), d.name);
    assert_string_equal(node(&d, SIDE_FRONT, "mac"), d.name);
    device_free(&d);
}

static void options_of_interfaces_are_honoured(void **state)
{
    struct device d;

    (void)state;
    good_vif("mac=00:16:3E:01:02:0a, bridge = br1,mtu=9000,devid=3,"
             "rate=1MB/s@20ms,script=/x/y,vifname=web,ip=10.0.0.2 10.0.0.3,"
             "type=vif,model=e1000,backend=0,gatewaydev=eth0",
             &d);
    assert_true(d.devid_given);
    assert_int_equal(d.devid, 3);
    assert_string_equal(d.name, "00:16:3e:01:02:0a");
    assert_string_equal(d.script, "/x/y");
    assert_string_equal(node(&d, SIDE_BACK, "bridge"), "br1");
    assert_string_equal(node(&d, SIDE_BACK, "rate"), "20000,20000");
    assert_string_equal(node(&d, SIDE_BACK, "vifname"), "web");
    assert_string_equal(node(&d, SIDE_BACK, "ip"), "10.0.0.2 10.0.0.3");
    assert_string_equal(node(&d, SIDE_FRONT, "mtu"), "9000");
    device_free(&d);
}

static void bad_vif(const char *spec, const char *words)
{
    struct device d;
    char *message;

    assert_int_equal(vif_parse(spec, &d, &message), -1);
    if (strstr(message, words) == NULL) {
        fail_msg("'%s' does not contain '%s'", message, words);
    }
    free(message);
    device_free(&d);
}

static void other_interfaces_are_refused_with_the_reason(void **state)
{
    (void)state;
    bad_vif("mac=00:16:3e", "six bytes");
    bad_vif("mac=01:00:5e:00:00:01", "group");
    bad_vif("mac=00:16:3e:01:02:03:04", "six bytes");
    bad_vif("mtu=12", "68 to");
    bad_vif("devid=-1", "devid=-1");
    bad_vif("devid=x", "devid=x");
    bad_vif("rate=fast", "rate=fast");
    bad_vif("type=ioemu", "type=vif");
    bad_vif("backend=net", "domain 0");
    bad_vif("vifname=much-too-long-name", "vifname");
    bad_vif("vifname=a/b", "vifname");
    bad_vif("colour=red", "colour: not known");
    bad_vif("mac", "mac=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_have_the_numbers_of_linux),
        cmocka_unit_test(a_disk_is_described_to_both_sides),
        cmocka_unit_test(options_of_disks_are_honoured),
        cmocka_unit_test(other_disks_are_refused_with_the_reason),
        cmocka_unit_test(an_interface_has_defaults),
        cmocka_unit_test(options_of_interfaces_are_honoured),
        cmocka_unit_test(other_interfaces_are_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
