// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace moescope::model::jinja {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class Operator : uint8_t { Add, Sub, Mul, Div, FloorDiv, Mod, Pow, Eq, Ne, Lt, Le, Gt, Ge, In, NotIn };

struct Expression {
    enum class Kind : uint8_t {
        Constant,  ///< constant
        Name,      ///< name
        Captured,  ///< what the block printed that is filtered
        List,      ///< children
        Tuple,     ///< children
        Dict,      ///< children: key, value, key, value…
        Attribute, ///< child . name
        Item,      ///< child [ child ]
        Slice,     ///< child [ begin : end : step ], each but the first may be null
        Call,      ///< child ( children, named )
        Filter,    ///< child | name ( children, named )
        Test,      ///< child is name ( children, named )
        Negate,    ///< child
        Plus,      ///< child
        Not,       ///< child
        And,       ///< child, child
        Or,        ///< child, child
        Binary,    ///< child operators[0] child
        Compare,   ///< child operators[0] child operators[1] child…
        Concat,    ///< children
        Choice,    ///< value, condition, other value (may be null)
    };
    Kind kind = Kind::Constant;
    uint32_t line = 1;
    uint32_t depth = 1; ///< of expressions within each other
    Value constant;
    std::string name;
    std::vector<ExpressionPtr> children;
    std::vector<std::pair<std::string, ExpressionPtr>> named;
    std::vector<Operator> operators;
};

struct Statement;
using StatementPtr = std::unique_ptr<Statement>;
using Body = std::vector<StatementPtr>;

/** A macro's parameters; the last ones have defaults. */
struct Signature {
    std::string name;
    std::vector<std::string> parameters;
    std::vector<ExpressionPtr> defaults;
    bool takes_more = false;   ///< it reads `varargs`
    bool takes_named = false;  ///< it reads `kwargs`
    bool takes_caller = false; ///< it reads `caller`
};

struct Statement {
    enum class Kind : uint8_t {
        Data,     ///< data
        Print,    ///< expressions[0]
        If,       ///< for each expression a body, and one for else
        For,      ///< target, expressions: what is gone through, condition or null; bodies: each, none
        Set,      ///< target, expressions[0]
        SetBlock, ///< target, expressions[0] if what was printed is filtered; bodies[0]
        Macro,    ///< signature, bodies[0]
        Call,     ///< expressions[0] with the macro of signature and bodies[0] as its caller
        Filter,   ///< expressions[0] of what bodies[0] prints
        With,     ///< signature.parameters are set to signature.defaults in bodies[0]
        Scope,    ///< bodies[0]
        Do,       ///< expressions[0]
        Break,
        Continue,
    };
    Kind kind = Kind::Data;
    uint32_t line = 1;
    Value data;
    ExpressionPtr target;
    std::vector<ExpressionPtr> expressions;
    std::vector<Body> bodies;
    Signature signature;
};

} // namespace moescope::model::jinja
