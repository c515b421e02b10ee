/*
 * A Vulkan layer that numbers adapters: "NVIDIA H200" becomes "NVIDIA H200 #3 of 8", 3 being the adapter's place in
 * vkEnumeratePhysicalDevices. Nothing else changes. With it, a program that chooses adapters by name can choose
 * among adapters of one name. "of 8" closes the number, so that no name is contained in another ("#1 of", "#10 of").
 *
 * How a layer works: Vulkan-Loader, docs/LoaderLayerInterface.md. The loader asks the layer for functions through
 * its vkGetInstanceProcAddr; those that the layer does not intercept come from the next layer or the driver.
 *
 * Only a C11 compiler for Linux is needed: the few types of Vulkan that occur here are declared below.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Vulkan specification, version 1.0 and (for ...Properties2) 1.1 ---- */

typedef int32_t VkResult; /* 0 is success, negative an error, positive success with a remark */
enum { VK_SUCCESS = 0, VK_ERROR_OUT_OF_HOST_MEMORY = -1, VK_ERROR_INITIALIZATION_FAILED = -3 };
enum { VK_MAX_PHYSICAL_DEVICE_NAME_SIZE = 256 };

typedef struct VkInstance_T *VkInstance;
typedef struct VkPhysicalDevice_T *VkPhysicalDevice;
typedef struct VkAllocationCallbacks VkAllocationCallbacks; /* only passed on */

/* The head that all extensible structures share. */
typedef struct VkBaseInStructure {
    int32_t sType;
    const struct VkBaseInStructure *pNext;
} VkBaseInStructure;

typedef VkBaseInStructure VkInstanceCreateInfo; /* only its chain of extensions is read */

/* The first fields of VkPhysicalDeviceProperties; the limits that follow are not touched. */
typedef struct VkPhysicalDeviceProperties {
    uint32_t apiVersion, driverVersion, vendorID, deviceID, deviceType;
    char deviceName[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
} VkPhysicalDeviceProperties;

typedef struct VkPhysicalDeviceProperties2 {
    int32_t sType;
    void *pNext;
    VkPhysicalDeviceProperties properties;
} VkPhysicalDeviceProperties2;

_Static_assert(offsetof(VkPhysicalDeviceProperties2, properties) == 16, "expected a 64-bit processor");

typedef void (*PFN_vkVoidFunction)(void);
typedef PFN_vkVoidFunction (*PFN_vkGetInstanceProcAddr)(VkInstance, const char *);
typedef VkResult (*PFN_vkCreateInstance)(const VkInstanceCreateInfo *, const VkAllocationCallbacks *, VkInstance *);
typedef void (*PFN_vkDestroyInstance)(VkInstance, const VkAllocationCallbacks *);
typedef VkResult (*PFN_vkEnumeratePhysicalDevices)(VkInstance, uint32_t *, VkPhysicalDevice *);
typedef void (*PFN_vkGetPhysicalDeviceProperties)(VkPhysicalDevice, VkPhysicalDeviceProperties *);
typedef void (*PFN_vkGetPhysicalDeviceProperties2)(VkPhysicalDevice, VkPhysicalDeviceProperties2 *);

/* ---- Interface of loader and layer: Vulkan-Headers, vk_layer.h ---- */

enum { VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO = 47, VK_LAYER_LINK_INFO = 0 };

typedef struct VkLayerInstanceLink {
    struct VkLayerInstanceLink *pNext;
    PFN_vkGetInstanceProcAddr pfnNextGetInstanceProcAddr;
    PFN_vkVoidFunction pfnNextGetPhysicalDeviceProcAddr;
} VkLayerInstanceLink;

typedef struct VkLayerInstanceCreateInfo {
    VkBaseInStructure head;
    int32_t function;
    VkLayerInstanceLink *pLayerInfo;
} VkLayerInstanceCreateInfo;

typedef struct VkNegotiateLayerInterface {
    int32_t sType;
    void *pNext;
    uint32_t loaderLayerInterfaceVersion;
    PFN_vkGetInstanceProcAddr pfnGetInstanceProcAddr;
    PFN_vkVoidFunction pfnGetDeviceProcAddr;
    PFN_vkVoidFunction pfnGetPhysicalDeviceProcAddr;
} VkNegotiateLayerInterface;

/* ---- What the layer knows of each instance ---- */

enum { MAX_ADAPTERS = 64 };

typedef struct Instance {
    VkInstance handle;
    /* Asked for while the instance is made: a call of next_proc_addr later would come back to this layer. */
    PFN_vkGetInstanceProcAddr next_proc_addr;
    PFN_vkDestroyInstance next_destroy;
    PFN_vkEnumeratePhysicalDevices next_enumerate;
    PFN_vkGetPhysicalDeviceProperties next_properties;
    PFN_vkGetPhysicalDeviceProperties2 next_properties2;
    PFN_vkGetPhysicalDeviceProperties2 next_properties2_khr;
    uint32_t adapter_count;
    VkPhysicalDevice adapters[MAX_ADAPTERS];
    struct Instance *next;
} Instance;

/*
 * Several threads make, use and destroy instances at once; the lock guards the list and the adapters in it. An instance
 * that was found stays: Vulkan forbids destroying one that is in use.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Instance *instances;

static Instance *find_instance(VkInstance handle) {
    pthread_mutex_lock(&lock);
    Instance *found = instances;
    while (found && found->handle != handle) found = found->next;
    pthread_mutex_unlock(&lock);
    return found;
}

/*
 * The instance that a physical device belongs to. The first word of both points to one dispatch table: the loader puts
 * it there (LoaderDriverInterface.md, "Handling dispatchable objects"), and it is each instance's own.
 */
static Instance *instance_of(VkPhysicalDevice adapter) {
    pthread_mutex_lock(&lock);
    Instance *found = instances;
    while (found && *(void **)found->handle != *(void **)adapter) found = found->next;
    pthread_mutex_unlock(&lock);
    return found;
}

/* Appends " #<number> of <count>" to the name of an adapter that was enumerated; a full name is cut to make room. */
static void append_number(Instance *instance, VkPhysicalDevice adapter, char *name) {
    char number[32] = "";
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < instance->adapter_count; i++)
        if (instance->adapters[i] == adapter)
            snprintf(number, sizeof number, " #%u of %u", (unsigned)i, (unsigned)instance->adapter_count);
    pthread_mutex_unlock(&lock);
    size_t room = VK_MAX_PHYSICAL_DEVICE_NAME_SIZE - 1 - strlen(number);
    size_t end = strnlen(name, room);
    strcpy(name + end, number);
}

/* ---- The functions that are intercepted ---- */

static VkResult enumerate_adapters(VkInstance handle, uint32_t *count, VkPhysicalDevice *adapters) {
    Instance *instance = find_instance(handle);
    VkResult result = instance->next_enumerate(handle, count, adapters);
    /* Without a list only the count was asked for; VK_INCOMPLETE is a part of the list, and its length not the total. */
    if (result != VK_SUCCESS || !adapters) return result;
    pthread_mutex_lock(&lock);
    instance->adapter_count = *count < MAX_ADAPTERS ? *count : MAX_ADAPTERS;
    memcpy(instance->adapters, adapters, instance->adapter_count * sizeof *adapters);
    pthread_mutex_unlock(&lock);
    return result;
}

static void get_properties(VkPhysicalDevice adapter, VkPhysicalDeviceProperties *properties) {
    Instance *instance = instance_of(adapter);
    instance->next_properties(adapter, properties);
    append_number(instance, adapter, properties->deviceName);
}

static void get_properties2(VkPhysicalDevice adapter, VkPhysicalDeviceProperties2 *properties) {
    Instance *instance = instance_of(adapter);
    instance->next_properties2(adapter, properties);
    append_number(instance, adapter, properties->properties.deviceName);
}

static void get_properties2_khr(VkPhysicalDevice adapter, VkPhysicalDeviceProperties2 *properties) {
    Instance *instance = instance_of(adapter);
    instance->next_properties2_khr(adapter, properties);
    append_number(instance, adapter, properties->properties.deviceName);
}

static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                                VkInstance *handle) {
    /* The loader hands over the way to the next layer in the chain of extensions. */
    VkLayerInstanceCreateInfo *link = NULL;
    for (const VkBaseInStructure *entry = info->pNext; entry && !link; entry = entry->pNext)
        if (entry->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
            ((const VkLayerInstanceCreateInfo *)entry)->function == VK_LAYER_LINK_INFO)
            link = (VkLayerInstanceCreateInfo *)entry;
    if (!link || !link->pLayerInfo) return VK_ERROR_INITIALIZATION_FAILED;
    PFN_vkGetInstanceProcAddr next = link->pLayerInfo->pfnNextGetInstanceProcAddr;
    link->pLayerInfo = link->pLayerInfo->pNext; /* the next layer finds its own way there */

    Instance *instance = calloc(1, sizeof *instance);
    if (!instance) return VK_ERROR_OUT_OF_HOST_MEMORY;
    VkResult result = ((PFN_vkCreateInstance)next(NULL, "vkCreateInstance"))(info, allocator, handle);
    if (result != VK_SUCCESS) {
        free(instance);
        return result;
    }
    instance->handle = *handle;
    instance->next_proc_addr = next;
    instance->next_destroy = (PFN_vkDestroyInstance)next(*handle, "vkDestroyInstance");
    instance->next_enumerate = (PFN_vkEnumeratePhysicalDevices)next(*handle, "vkEnumeratePhysicalDevices");
    instance->next_properties = (PFN_vkGetPhysicalDeviceProperties)next(*handle, "vkGetPhysicalDeviceProperties");
    instance->next_properties2 = (PFN_vkGetPhysicalDeviceProperties2)next(*handle, "vkGetPhysicalDeviceProperties2");
    instance->next_properties2_khr =
        (PFN_vkGetPhysicalDeviceProperties2)next(*handle, "vkGetPhysicalDeviceProperties2KHR");
    pthread_mutex_lock(&lock);
    instance->next = instances;
    instances = instance;
    pthread_mutex_unlock(&lock);
    return VK_SUCCESS;
}

static void destroy_instance(VkInstance handle, const VkAllocationCallbacks *allocator) {
    if (!handle) return;
    Instance *instance = NULL;
    pthread_mutex_lock(&lock);
    for (Instance **place = &instances; *place; place = &(*place)->next)
        if ((*place)->handle == handle) {
            instance = *place;
            *place = instance->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    instance->next_destroy(handle, allocator);
    free(instance);
}

static PFN_vkVoidFunction get_proc_addr(VkInstance handle, const char *name) {
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)get_proc_addr;
    if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)create_instance;
    Instance *instance = handle ? find_instance(handle) : NULL;
    if (!instance) return NULL;
    if (!strcmp(name, "vkDestroyInstance")) return (PFN_vkVoidFunction)destroy_instance;
    if (!strcmp(name, "vkEnumeratePhysicalDevices")) return (PFN_vkVoidFunction)enumerate_adapters;
    if (!strcmp(name, "vkGetPhysicalDeviceProperties")) return (PFN_vkVoidFunction)get_properties;
    /* These two are missing where the instance has not enabled them. */
    if (!strcmp(name, "vkGetPhysicalDeviceProperties2"))
        return instance->next_properties2 ? (PFN_vkVoidFunction)get_properties2 : NULL;
    if (!strcmp(name, "vkGetPhysicalDeviceProperties2KHR"))
        return instance->next_properties2_khr ? (PFN_vkVoidFunction)get_properties2_khr : NULL;
    return instance->next_proc_addr(handle, name);
}

/* The only function that the library exports: the loader asks it for the others. */
__attribute__((visibility("default"))) VkResult
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *negotiation) {
    if (negotiation->loaderLayerInterfaceVersion < 2) return VK_ERROR_INITIALIZATION_FAILED;
    negotiation->loaderLayerInterfaceVersion = 2;
    negotiation->pfnGetInstanceProcAddr = get_proc_addr;
    negotiation->pfnGetDeviceProcAddr = NULL;
    negotiation->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
