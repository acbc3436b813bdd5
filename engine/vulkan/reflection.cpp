// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/reflection.h"

#include <algorithm>
#include <stdexcept>

namespace moescope::vulkan {

namespace {

// Numbers from the SPIR-V specification: instructions, decorations, storage classes.
enum Op : uint32_t {
    OpExecutionMode = 16,
    OpTypeInt = 21,
    OpTypeFloat = 22,
    OpTypeVector = 23,
    OpTypeMatrix = 24,
    OpTypeImage = 25,
    OpTypeArray = 28,
    OpTypeStruct = 30,
    OpTypePointer = 32,
    OpConstant = 43,
    OpConstantComposite = 44,
    OpSpecConstant = 50,
    OpSpecConstantComposite = 51,
    OpVariable = 59,
    OpDecorate = 71,
    OpMemberDecorate = 72,
    OpExecutionModeId = 331,
};
enum Decoration : uint32_t {
    DecorationSpecId = 1,
    DecorationArrayStride = 6,
    DecorationMatrixStride = 7,
    DecorationBuiltIn = 11,
    DecorationBinding = 33,
    DecorationDescriptorSet = 34,
    DecorationOffset = 35,
};
constexpr uint32_t magicNumber = 0x07230203;
constexpr uint32_t builtInWorkgroupSize = 25;
constexpr uint32_t modeLocalSize = 17;
constexpr uint32_t modeLocalSizeId = 38;
constexpr uint32_t storagePushConstant = 9;
constexpr uint32_t storageStorageBuffer = 12;
constexpr uint32_t storageUniformConstant = 0;
constexpr uint32_t storageUniform = 2;
constexpr uint32_t dimBuffer = 5;
constexpr uint32_t maxBindings = 32;
constexpr int maxNesting = 16;

using Words = std::span<const uint32_t>;

struct Module {
    const Shader& shader;
    const Constants& constants;
    std::map<uint32_t, Words> definitions; ///< types, constants and variables by id
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> decorations;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> offsets;        ///< by struct and member
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> matrix_strides; ///< by struct and member
    Words local_size;                                                 ///< execution mode LocalSize or LocalSizeId
    uint32_t size_id = 0; ///< constant decorated as WorkgroupSize: it overrides the execution mode

    [[noreturn]] void fail(const std::string& what) const {
        throw std::logic_error(std::string("kernel ") + shader.name + ": " + what);
    }

    Words definition(uint32_t id, size_t words) const {
        const auto found = definitions.find(id);
        if (found == definitions.end() || found->second.size() < words) {
            fail("id " + std::to_string(id) + " is not defined as needed");
        }
        return found->second;
    }

    bool isTexelBuffer(Words variable) const {
        if (variable[3] != storageUniformConstant) {
            return false;
        }
        const Words type = definition(definition(variable[1], 4)[3], 2);
        return (type[0] & 0xFFFFU) == OpTypeImage && type.size() > 3 && type[3] == dimBuffer;
    }

    uint32_t constantOf(uint32_t id) const {
        const Words words = definition(id, 4);
        if ((words[0] & 0xFFFFU) == OpSpecConstant) {
            if (const auto spec = decorations.find({id, DecorationSpecId}); spec != decorations.end()) {
                if (const auto given = constants.find(spec->second); given != constants.end()) {
                    return given->second;
                }
            }
        } else if ((words[0] & 0xFFFFU) != OpConstant) {
            fail("id " + std::to_string(id) + " is no constant");
        }
        return words[3];
    }

    /** Bytes of a type of the push-constant block. */
    uint32_t sizeOf(uint32_t type, uint32_t matrix_stride, int depth) const {
        if (depth > maxNesting) {
            fail("types are nested too deep");
        }
        const Words words = definition(type, 2);
        switch (words[0] & 0xFFFFU) {
        case OpTypeInt:
        case OpTypeFloat: return definition(type, 3)[2] / 8;
        case OpTypeVector: return definition(type, 4)[3] * sizeOf(words[2], 0, depth + 1);
        case OpTypeMatrix: return definition(type, 4)[3] * matrix_stride;
        case OpTypeArray: {
            const auto stride = decorations.find({type, DecorationArrayStride});
            return constantOf(definition(type, 4)[3]) * (stride == decorations.end() ? 0 : stride->second);
        }
        case OpTypeStruct: {
            uint32_t end = 0;
            for (uint32_t member = 0; member + 2 < words.size(); ++member) {
                const auto offset = offsets.find({type, member});
                const auto stride = matrix_strides.find({type, member});
                end = std::max(
                    end, (offset == offsets.end() ? 0 : offset->second) +
                             sizeOf(words[member + 2], stride == matrix_strides.end() ? 0 : stride->second, depth + 1));
            }
            return end;
        }
        default: fail("the push constants hold a type without size");
        }
    }
};

void readInstruction(Module& module, Words words) {
    const auto need = [&](size_t count) {
        if (words.size() < count) {
            module.fail("an instruction is cut short");
        }
    };
    switch (words[0] & 0xFFFFU) {
    case OpTypeInt:
    case OpTypeFloat:
    case OpTypeVector:
    case OpTypeMatrix:
    case OpTypeImage:
    case OpTypeArray:
    case OpTypeStruct:
    case OpTypePointer:
        need(2);
        module.definitions[words[1]] = words;
        break;
    case OpConstant:
    case OpConstantComposite:
    case OpSpecConstant:
    case OpSpecConstantComposite:
    case OpVariable:
        need(4 - ((words[0] & 0xFFFFU) == OpConstantComposite ? 1 : 0));
        module.definitions[words[2]] = words;
        break;
    case OpDecorate:
        need(3);
        if (words.size() > 3) {
            module.decorations[{words[1], words[2]}] = words[3];
            if (words[2] == DecorationBuiltIn && words[3] == builtInWorkgroupSize) {
                module.size_id = words[1];
            }
        }
        break;
    case OpMemberDecorate:
        need(4);
        if (words.size() > 4 && words[3] == DecorationOffset) {
            module.offsets[{words[1], words[2]}] = words[4];
        } else if (words.size() > 4 && words[3] == DecorationMatrixStride) {
            module.matrix_strides[{words[1], words[2]}] = words[4];
        }
        break;
    case OpExecutionMode:
    case OpExecutionModeId:
        need(3);
        if (words[2] == modeLocalSize || words[2] == modeLocalSizeId) {
            need(6);
            module.local_size = words;
        }
        break;
    default: break;
    }
}

} // namespace

Reflection reflect(const Shader& shader, const Constants& constants) {
    Module module{shader, constants, {}, {}, {}, {}, {}, 0};
    if (shader.words.size() < 5 || shader.words[0] != magicNumber) {
        module.fail("not SPIR-V");
    }
    for (Words rest = shader.words.subspan(5); !rest.empty();) {
        const size_t length = rest[0] >> 16U;
        if (length == 0 || length > rest.size()) {
            module.fail("an instruction is cut short");
        }
        readInstruction(module, rest.first(length));
        rest = rest.subspan(length);
    }

    Reflection reflection;
    for (const auto& [id, words] : module.definitions) {
        if ((words[0] & 0xFFFFU) != OpVariable) {
            continue;
        }
        const uint32_t storage = words[3];
        if (storage == storagePushConstant) {
            const uint32_t type = module.definition(words[1], 4)[3];
            reflection.push_constant_bytes = module.sizeOf(type, 0, 0);
        } else if (storage == storageStorageBuffer || module.isTexelBuffer(words)) {
            const auto set = module.decorations.find({id, DecorationDescriptorSet});
            const auto binding = module.decorations.find({id, DecorationBinding});
            if (set == module.decorations.end() || set->second != 0 || binding == module.decorations.end() ||
                binding->second >= maxBindings) {
                module.fail("a buffer is not in set 0 with a binding below " + std::to_string(maxBindings));
            }
            reflection.binding_count = std::max(reflection.binding_count, binding->second + 1);
            reflection.texel_buffers |= storage == storageUniformConstant ? 1U << binding->second : 0U;
        } else if (storage == storageUniform || storage == storageUniformConstant) {
            module.fail("only storage and uniform texel buffers can be bound");
        }
    }

    if (module.size_id != 0) {
        const Words size = module.definition(module.size_id, 6);
        for (uint32_t i = 0; i < 3; ++i) {
            reflection.local_size[i] = module.constantOf(size[3 + i]);
        }
    } else if (!module.local_size.empty()) {
        for (uint32_t i = 0; i < 3; ++i) {
            const uint32_t word = module.local_size[3 + i];
            reflection.local_size[i] =
                (module.local_size[0] & 0xFFFFU) == OpExecutionModeId ? module.constantOf(word) : word;
        }
    } else {
        module.fail("it has no local size");
    }
    return reflection;
}

} // namespace moescope::vulkan
