// Till adds up with a library of its own, and taxes with a plugin that it loads when it runs.
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int price_of(int amount);

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("price: %d\n", price_of(3));
    void *plugin = dlopen("/usr/local/lib/till/tax.so", RTLD_NOW);
    int (*tax)(int) = plugin ? (int (*)(int))dlsym(plugin, "tax_on") : NULL;
    if (tax)
        printf("with tax: %d\n", tax(price_of(3)));
    else
        printf("no tax today\n");
    printf("may open the drawer: %s\n", geteuid() == 0 ? "yes" : "no");
    return 0;
}
